//! Athletes: accounts as this service knows them, made and kept by events.

mod arrive;
mod caller;
mod change_roles;
mod erase;

use crate::model::athlete::{Athlete, Profile};
