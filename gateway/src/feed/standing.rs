//! What a token does not know of its user: whether the session goes on, and whom the user follows by now.

use std::collections::HashSet;
use std::time::Duration;

use fitness_proto::fitness::user::v1::GetMeRequest;
use fitness_proto::fitness::user::v1::user_service_client::UserServiceClient;
use fitness_proto::fitness::workout::v1::ListAthletesRequest;
use fitness_proto::fitness::workout::v1::trainer_service_client::TrainerServiceClient;
use http::HeaderMap;
use tokio::time::timeout;
use tonic::{Code, Status};
use transcoder::problem::Problem;
use uuid::Uuid;

use super::hub::Subscription;
use crate::files;
use crate::services::Guarded;

/// How long a feed waits for the services before it opens.
const LIMIT: Duration = Duration::from_secs(2);
/// The athletes of a page, as many as the contract allows.
const PAGE_SIZE: i32 = 100;

/// Asks the services, in the name of who opens a feed.
#[derive(Clone)]
pub(crate) struct Standing {
    users: UserServiceClient<Guarded>,
    trainers: TrainerServiceClient<Guarded>,
}

impl Standing {
    /// Asks user-svc and workout-svc.
    pub(crate) fn new(users: Guarded, trainers: Guarded) -> Self {
        Self { users: UserServiceClient::new(users), trainers: TrainerServiceClient::new(trainers) }
    }

    /// Refuses who is signed out. While user-svc is away nobody can sign out either, and the token is enough.
    pub(super) async fn session(&self, headers: &HeaderMap) -> Result<(), Box<Problem>> {
        let mut users = self.users.clone();
        match timeout(LIMIT, users.get_me(files::request(GetMeRequest {}, headers))).await {
            Ok(Err(status)) if status.code() == Code::Unauthenticated => Err(Problem::from(&status).into()),
            _ => Ok(()),
        }
    }

    /// Takes out of what was missed the events of athletes whom the user does not follow any more. Who they are cannot be
    /// known while workout-svc is away: then nothing of others is shown, and the client told of the gap.
    pub(super) async fn retain_own(
        &self,
        user_id: Uuid,
        headers: &HeaderMap,
        subscription: &mut Subscription,
    ) {
        if subscription.backlog.iter().all(|event| event.user_id == user_id) {
            return;
        }
        let followed = timeout(LIMIT, self.followed(headers)).await;
        let followed = followed.ok().and_then(Result::ok).unwrap_or_else(|| {
            subscription.gap = true;
            HashSet::new()
        });
        subscription.backlog.retain(|event| event.user_id == user_id || followed.contains(&event.user_id));
    }

    async fn followed(&self, headers: &HeaderMap) -> Result<HashSet<Uuid>, Status> {
        let (mut trainers, mut page_token) = (self.trainers.clone(), String::new());
        let mut followed = HashSet::new();
        loop {
            let request = ListAthletesRequest { page_size: PAGE_SIZE, page_token };
            let page = trainers.list_athletes(files::request(request, headers)).await?.into_inner();
            followed
                .extend(page.athletes.iter().filter_map(|athlete| athlete.athlete_id.parse::<Uuid>().ok()));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(followed);
            }
        }
    }
}
