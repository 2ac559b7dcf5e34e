//! The last lines of the start: where everything is and what to do next.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// Addresses of a running system.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The gateway.
    pub http: SocketAddr,
    /// The gRPC servers.
    pub grpc: [(&'static str, SocketAddr); 3],
    /// The operator's ports.
    pub ops: [(&'static str, SocketAddr); 4],
    /// The Kafka bootstrap servers.
    pub kafka: String,
    /// The embedded mailbox's page; none where mail goes to a real server.
    pub mailbox: Option<SocketAddr>,
    /// The mail server.
    pub smtp: String,
    /// Where the data is.
    pub data: String,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rows: Vec<(String, String)> = vec![
            ("REST".to_owned(), format!("http://{}", self.http)),
            ("API document".to_owned(), format!("http://{}/openapi.json", self.http)),
        ];
        match self.mailbox {
            Some(addr) => rows.push(("mailbox".to_owned(), format!("http://{addr}"))),
            None => rows.push(("mail goes to".to_owned(), self.smtp.clone())),
        }
        for (name, addr) in self.grpc {
            rows.push((format!("gRPC {name}"), addr.to_string()));
        }
        rows.push(("Kafka".to_owned(), self.kafka.clone()));
        for (name, addr) in self.ops {
            rows.push((format!("metrics {name}"), format!("http://{addr}/metrics")));
        }
        rows.push(("data".to_owned(), self.data.clone()));

        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let mut text = String::from("\nFitness Trainer is ready.\n\n");
        for (name, value) in rows {
            writeln!(text, "  {name:width$}  {value}")?;
        }
        write!(
            text,
            "\nNext: open an account, then look into the mailbox.\n\n  \
             curl -i http://{}/v1/auth/register -H 'content-type: application/json' \\\n    \
             -d '{{\"email\":\"you@example.org\",\"password\":\"correct horse battery\",\"display_name\":\"You\",\
             \"locale\":\"en\",\"time_zone\":\"Europe/Berlin\"}}'\n\nCtrl-C stops all of it.",
            self.http
        )?;
        formatter.write_str(&text)
    }
}
