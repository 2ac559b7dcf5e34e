//! The live feed as a browser reads it.

use std::time::Duration;

use serde_json::Value;

use super::Person;

/// An open feed of server-sent events.
pub(crate) struct Feed {
    response: reqwest::Response,
    buffer: String,
}

impl Feed {
    /// Opens the feed of a person; events from now on are in it.
    pub(crate) async fn open(person: &Person) -> Self {
        let request = person.request("GET", "/v1/feed").header("accept", "text/event-stream");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { response, buffer: String::new() }
    }

    /// The data of the next event; comments are skipped.
    pub(crate) async fn next(&mut self, limit: Duration) -> Value {
        tokio::time::timeout(limit, self.read()).await.expect("an event in the feed in time")
    }

    async fn read(&mut self) -> Value {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let event: String = self.buffer.drain(..end + 2).collect();
                if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data:")) {
                    return serde_json::from_str(data.trim()).unwrap();
                }
            }
            let chunk = self.response.chunk().await.unwrap().expect("the feed stays open");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
