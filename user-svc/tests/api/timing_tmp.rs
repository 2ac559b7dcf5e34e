use crate::fixture::*;
use std::time::{Duration, Instant};
use user_svc::password::PasswordConfig;
fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timing() {
    let passwords = PasswordConfig {
        memory_kib: 19456,
        iterations: 2,
        parallelism: 1,
        concurrency: 2,
        max_wait: Duration::from_secs(5),
    };
    let s = Service::start_with(Options { passwords, ..Options::usual().await }).await;
    s.health.ready().await;
    s.open_account("proved@example.org").await;
    s.register("unproved@example.org").await.unwrap();
    let (mut a, mut b, mut c) = (vec![], vec![], vec![]);
    let t = |i: Instant| i.elapsed().as_secs_f64() * 1e3;
    for n in 0..200 {
        let i = Instant::now();
        s.register(&format!("n{n}@example.org")).await.unwrap();
        a.push(t(i));
        let i = Instant::now();
        s.register("unproved@example.org").await.unwrap();
        b.push(t(i));
        let i = Instant::now();
        s.register("proved@example.org").await.unwrap();
        c.push(t(i));
    }
    println!("TIMING register new {:.2} unproved {:.2} proved {:.2}", median(a), median(b), median(c));
    let (mut a, mut b, mut c) = (vec![], vec![], vec![]);
    for n in 0..200 {
        let i = Instant::now();
        s.login(&format!("u{n}@example.org"), "x").await.unwrap_err();
        a.push(t(i));
        let i = Instant::now();
        s.login("unproved@example.org", "x").await.unwrap_err();
        b.push(t(i));
        let i = Instant::now();
        s.login("proved@example.org", "x").await.unwrap_err();
        c.push(t(i));
    }
    println!("TIMING login unknown {:.2} unproved {:.2} proved {:.2}", median(a), median(b), median(c));
    let (mut a, mut b, mut c, mut d) = (vec![], vec![], vec![], vec![]);
    for n in 0..200 {
        let i = Instant::now();
        s.resend(&format!("u{n}@example.org")).await.unwrap();
        a.push(t(i));
        let i = Instant::now();
        s.resend("unproved@example.org").await.unwrap();
        b.push(t(i));
        let i = Instant::now();
        s.resend("proved@example.org").await.unwrap();
        c.push(t(i));
        s.clock.advance(chrono::TimeDelta::hours(2));
        let i = Instant::now();
        s.resend("unproved@example.org").await.unwrap();
        d.push(t(i));
    }
    println!(
        "TIMING resend unknown {:.2} limited {:.2} proved {:.2} issued {:.2}",
        median(a),
        median(b),
        median(c),
        median(d)
    );
    let (mut a, mut b, mut c) = (vec![], vec![], vec![]);
    for n in 0..200 {
        let i = Instant::now();
        s.verify(&format!("u{n}@example.org"), "000000").await.unwrap_err();
        a.push(t(i));
        if n % 4 == 0 {
            s.clock.advance(chrono::TimeDelta::hours(2));
            s.resend("unproved@example.org").await.unwrap();
        }
        let i = Instant::now();
        let _ = s.verify("unproved@example.org", "000000").await;
        b.push(t(i));
        let i = Instant::now();
        s.verify("proved@example.org", "000000").await.unwrap_err();
        c.push(t(i));
    }
    println!("TIMING verify unknown {:.2} unproved {:.2} proved {:.2}", median(a), median(b), median(c));
    s.stop().await;
}
