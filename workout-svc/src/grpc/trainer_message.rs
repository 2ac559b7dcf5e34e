//! Trainers and their athletes as protobuf messages.

use fitness_proto::fitness::workout::v1 as proto;

use crate::model::trainer::{FollowedAthlete, ListedTrainer, TrainerProfile};
use crate::training::timestamp;

/// Answers the message of a trainer's own profile.
pub(super) fn from_profile(profile: TrainerProfile) -> proto::TrainerProfile {
    proto::TrainerProfile {
        trainer_id: profile.trainer_id.to_string(),
        display_name: profile.display_name,
        headline: profile.headline,
        bio: profile.bio,
        create_time: Some(timestamp(profile.create_time)),
    }
}

/// Answers the message of a trainer as athletes see it.
pub(super) fn from_trainer(trainer: ListedTrainer) -> proto::Trainer {
    proto::Trainer {
        trainer_id: trainer.profile.trainer_id.to_string(),
        display_name: trainer.profile.display_name,
        headline: trainer.profile.headline,
        bio: trainer.profile.bio,
        following_me: trainer.follows_reader,
    }
}

/// Answers the message of an athlete as a trainer sees it.
pub(super) fn from_athlete(athlete: FollowedAthlete) -> proto::Athlete {
    proto::Athlete {
        athlete_id: athlete.athlete_id.to_string(),
        display_name: athlete.display_name,
        follow_time: Some(timestamp(athlete.follow_time)),
    }
}
