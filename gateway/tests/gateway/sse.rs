//! A reader of server-sent events.

use fitness_proto::fitness::workout::v1::WorkoutStarted;
use serde_json::Value;
use uuid::Uuid;

use crate::stage::{Stage, token, within};

/// Name of the workouts by which a test finds out that the feed is connected to the broker.
const PROBE: &str = "probe";

/// An open feed.
pub(crate) struct Feed {
    response: reqwest::Response,
    read: String,
}

/// A block of the stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    Comment(String),
    Event { id: Option<Uuid>, kind: String, data: Value },
}

impl Feed {
    /// Opens the feed of a user.
    pub(crate) async fn open(stage: &Stage, user_id: Uuid) -> Self {
        Self::open_with(stage.get("/v1/feed").bearer_auth(token(user_id))).await
    }

    /// Comes back after `last`.
    pub(crate) async fn resume(stage: &Stage, user_id: Uuid, last: Uuid) -> Self {
        let request = stage.get("/v1/feed").bearer_auth(token(user_id));
        Self::open_with(request.header("last-event-id", last.to_string())).await
    }

    pub(crate) async fn open_with(request: reqwest::RequestBuilder) -> Self {
        let response = within("the feed to open", request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut feed = Self { response, read: String::new() };
        assert_eq!(feed.block().await, Some(Block::Comment("connected".to_owned())));
        feed
    }

    /// Opens the feed of a user and sends probes until one arrives: from then on nothing is missed.
    pub(crate) async fn live(stage: &Stage, user_id: Uuid) -> Self {
        let mut feed = Self::open(stage, user_id).await;
        let probe = WorkoutStarted { name: PROBE.to_owned(), ..started(user_id) };
        within("the feed to be live", async {
            loop {
                stage.publish(&probe).await;
                let arrival = tokio::time::timeout(std::time::Duration::from_millis(200), feed.block()).await;
                if matches!(arrival, Ok(Some(Block::Event { .. }))) {
                    return;
                }
            }
        })
        .await;
        feed
    }

    /// The next block; nothing at the end of the stream.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let block = parse(&self.read[..end]);
                self.read.drain(..end + 2);
                return Some(block);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event that is no probe, with its id and data.
    pub(crate) async fn event(&mut self) -> (Option<Uuid>, String, Value) {
        within("an event", async {
            loop {
                match self.block().await.expect("the feed goes on") {
                    Block::Event { data, .. } if data["data"]["name"] == PROBE => {}
                    Block::Event { id, kind, data } => return (id, kind, data),
                    Block::Comment(_) => {}
                }
            }
        })
        .await
    }

    /// Everything until the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Block> {
        within("the end of the feed", async {
            let mut blocks = Vec::new();
            while let Some(block) = self.block().await {
                blocks.push(block);
            }
            blocks
        })
        .await
    }
}

fn parse(block: &str) -> Block {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    if let Some(comment) = field(": ") {
        return Block::Comment(comment.to_owned());
    }
    let id = field("id: ").map(|id| id.parse().unwrap());
    let data = serde_json::from_str(field("data: ").expect("an event has data")).unwrap();
    Block::Event { id, kind: field("event: ").expect("an event has a type").to_owned(), data }
}

/// A user begins to train.
pub(crate) fn started(user_id: Uuid) -> WorkoutStarted {
    WorkoutStarted { user_id: user_id.to_string(), name: "Legs".to_owned(), ..WorkoutStarted::default() }
}
