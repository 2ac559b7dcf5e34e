//! The end of a system: clean on SIGTERM, without orphans on SIGKILL, with the data kept.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::harness::{Account, Options, System, eventually};

async fn gone(processes: &[u32]) {
    eventually("no process is left", Duration::from_secs(20), || async {
        processes.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sigterm_ends_everything_and_the_next_start_finds_the_data() {
    let data = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(data.path().to_owned()), ..Options::default() };
    let mut system = System::start(options()).await;
    let account = Account::new("en");
    system.api().register(&account).await;
    let code = system.inbox().wait_for(&account.email, 1, Duration::from_secs(10)).await[0].code();
    let children = system.descendants();
    assert!(!children.is_empty(), "PostgreSQL is a child");
    system.signal("TERM");
    system.gone(Duration::from_secs(10)).await;
    gone(&children).await;

    let system = System::start(options()).await;
    let mails = system.inbox().wait_for(&account.email, 1, Duration::from_secs(10)).await;
    assert_eq!(mails[0].code(), code, "the mailbox is kept");
    let verification = json!({ "email": account.email, "code": code });
    assert_eq!(system.api().post("/v1/auth/verify-email", &verification).await.status(), 200);
    // The broker has forgotten everything and the outbox repeats it: the code mail must not come twice.
    system.inbox().wait_for(&account.email, 2, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_killed_system_leaves_no_process_behind() {
    let system = System::start(Options::default()).await;
    let children = system.descendants();
    assert!(!children.is_empty(), "PostgreSQL is a child");
    system.signal("KILL");
    gone(&children).await;
}
