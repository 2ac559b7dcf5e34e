//! The consumer groups: requests in, waiting, responses out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DescribeGroupsRequest, DescribeGroupsResponse, GroupId, HeartbeatRequest, HeartbeatResponse,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsRequest,
    ListGroupsResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::api::code;
use super::group::{Generation, Group, Joining, Waiting};
use super::offsets::Offsets;

/// From this version on a request to leave names several members.
const LEAVE_IN_BATCHES: i16 = 3;

/// The groups by name.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Mutex<BTreeMap<GroupId, Arc<Coordinated>>>,
}

/// A group, its offsets, and the news of its changes.
#[derive(Debug, Default)]
pub(super) struct Coordinated {
    group: Mutex<Group>,
    pub(super) offsets: Mutex<Offsets>,
    changed: watch::Sender<()>,
}

impl Coordinated {
    /// Changes the group, and wakes whoever waits for a change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Group, Instant) -> T) -> T {
        let outcome = change(&mut self.lock(), Instant::now());
        self.changed.send_replace(());
        outcome
    }

    /// Waits until `outcome` has an answer.
    async fn wait<T>(&self, outcome: impl Fn(&Group) -> Waiting<T>) -> Result<T, ResponseError> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let next_tick = {
                let mut group = self.lock();
                let before = group.state();
                group.tick(Instant::now());
                if group.state() != before {
                    // The others need to know as well; this task then looks once more itself.
                    self.changed.send_replace(());
                }
                if let Some(outcome) = outcome(&group) {
                    return outcome;
                }
                group.next_tick()
            };
            let tick = async {
                match next_tick {
                    Some(next_tick) => sleep_until(next_tick).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = changed.changed() => {}
                () = tick => {}
            }
        }
    }

    /// The group as it is now: members that have fallen silent are gone, also where nobody else is left to notice.
    fn up_to_date(&self) -> MutexGuard<'_, Group> {
        let mut group = self.lock();
        let before = (group.state(), group.members.len());
        group.tick(Instant::now());
        if (group.state(), group.members.len()) != before {
            self.changed.send_replace(());
        }
        group
    }

    fn lock(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a member out again whose connection ends while it waits: nobody would answer for it.
struct Abandonment<'a> {
    group: &'a Coordinated,
    member: Option<StrBytes>,
}

impl Drop for Abandonment<'_> {
    fn drop(&mut self) {
        if let Some(member) = self.member.take() {
            // Unknown means that the group has let it go already.
            let _ = self.group.change(|group, now| group.leave(&member, now));
        }
    }
}

impl Groups {
    pub(super) fn group(&self, id: &GroupId) -> Arc<Coordinated> {
        Arc::clone(self.lock().entry(id.clone()).or_default())
    }

    pub(super) async fn join(&self, request: JoinGroupRequest, client: StrBytes) -> JoinGroupResponse {
        let group = self.group(&request.group_id);
        let mut member = request.member_id.clone();
        let joined = if member.is_empty() {
            member = StrBytes::from_string(format!("{}-{}", client.as_str(), Uuid::now_v7()));
            Self::joined(&group, joining(request, client, &member)).await
        } else if let Err(error) = group.lock().check_instance(request.group_instance_id.as_ref(), &member) {
            Err(error)
        } else if group.lock().members.contains_key(&member) {
            Self::joined(&group, joining(request, client, &member)).await
        } else {
            Err(ResponseError::UnknownMemberId)
        };
        let response = JoinGroupResponse::default().with_error_code(code(&joined)).with_member_id(member);
        let Ok((generation, protocol_type)) = joined else {
            return response.with_generation_id(-1).with_protocol_name(Some(StrBytes::default()));
        };
        let members = generation.members.into_iter().map(|(id, instance, subscription)| {
            JoinGroupResponseMember::default()
                .with_member_id(id)
                .with_group_instance_id(instance)
                .with_metadata(subscription)
        });
        response
            .with_generation_id(generation.id)
            .with_protocol_type(Some(protocol_type))
            .with_protocol_name(Some(generation.protocol))
            .with_leader(generation.leader)
            .with_members(members.collect())
    }

    async fn joined(group: &Coordinated, joining: Joining) -> Result<(Generation, StrBytes), ResponseError> {
        let (member, protocol_type) = (joining.member.clone(), joining.protocol_type.clone());
        let awaited = group.change(|group, now| group.join(joining, now))?;
        let mut abandonment = Abandonment { group, member: Some(member.clone()) };
        let joined = group.wait(|group| group.joined(&member, awaited)).await;
        abandonment.member = None;
        Ok((joined?, protocol_type))
    }

    pub(super) async fn sync(&self, request: SyncGroupRequest) -> SyncGroupResponse {
        let group = self.group(&request.group_id);
        let (member, generation) = (request.member_id, request.generation_id);
        let assignments =
            request.assignments.into_iter().map(|one| (one.member_id, one.assignment)).collect();
        let refused = {
            let group = group.lock();
            let fenced = group.check_instance(request.group_instance_id.as_ref(), &member).err();
            fenced.or_else(|| group.synced(&member, generation).and_then(Result::err))
        };
        let synced = if let Some(error) = refused {
            Err(error)
        } else {
            group.change(|group, now| group.sync(&member, assignments, now));
            group.wait(|group| group.synced(&member, generation)).await
        };
        SyncGroupResponse::default()
            .with_error_code(code(&synced))
            .with_protocol_type(request.protocol_type)
            .with_protocol_name(request.protocol_name)
            .with_assignment(synced.unwrap_or_default())
    }

    pub(super) fn heartbeat(&self, request: &HeartbeatRequest) -> HeartbeatResponse {
        let group = self.group(&request.group_id);
        let beat = group.change(|group, now| {
            group.check_instance(request.group_instance_id.as_ref(), &request.member_id)?;
            group.heartbeat(&request.member_id, request.generation_id, now)
        });
        HeartbeatResponse::default().with_error_code(code(&beat))
    }

    pub(super) fn leave(&self, request: LeaveGroupRequest, version: i16) -> LeaveGroupResponse {
        let group = self.group(&request.group_id);
        let leave = |member: &StrBytes, instance: Option<&StrBytes>| {
            code(&group.change(|group, now| {
                // An administrator lets an instance go by its name alone.
                let named = instance.filter(|_| member.is_empty()).and_then(|name| group.member_of(name));
                let member = named.unwrap_or(member).clone();
                group.check_instance(instance, &member)?;
                group.leave(&member, now)
            }))
        };
        if version < LEAVE_IN_BATCHES {
            return LeaveGroupResponse::default().with_error_code(leave(&request.member_id, None));
        }
        let left =
            request.members.into_iter().map(|MemberIdentity { member_id, group_instance_id, .. }| {
                MemberResponse::default()
                    .with_error_code(leave(&member_id, group_instance_id.as_ref()))
                    .with_member_id(member_id)
                    .with_group_instance_id(group_instance_id)
            });
        LeaveGroupResponse::default().with_members(left.collect())
    }

    pub(super) fn list(&self, request: &ListGroupsRequest) -> ListGroupsResponse {
        let groups = self.lock();
        let listed = groups.iter().filter_map(|(id, coordinated)| {
            let group = coordinated.up_to_date();
            let state = group.state();
            let wanted =
                request.states_filter.is_empty() || request.states_filter.iter().any(|name| &**name == state);
            wanted.then(|| {
                ListedGroup::default()
                    .with_group_id(id.clone())
                    .with_protocol_type(group.protocol_type.clone())
                    .with_group_state(StrBytes::from_static_str(state))
            })
        });
        ListGroupsResponse::default().with_groups(listed.collect())
    }

    pub(super) fn describe(&self, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
        let described = request.groups.into_iter().map(|id| {
            let coordinated = self.lock().get(&id).cloned();
            let response = DescribedGroup::default().with_group_id(id);
            let Some(coordinated) = coordinated else {
                return response.with_group_state(StrBytes::from_static_str("Dead"));
            };
            let group = coordinated.up_to_date();
            let members = group.members.values().map(|member| {
                DescribedGroupMember::default()
                    .with_member_id(member.joining.member.clone())
                    .with_group_instance_id(member.joining.instance.clone())
                    .with_client_id(member.joining.client.clone())
                    .with_member_assignment(member.assignment.clone())
            });
            response
                .with_group_state(StrBytes::from_static_str(group.state()))
                .with_protocol_type(group.protocol_type.clone())
                .with_protocol_data(group.protocol.clone())
                .with_members(members.collect())
        });
        DescribeGroupsResponse::default().with_groups(described.collect())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<GroupId, Arc<Coordinated>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn joining(request: JoinGroupRequest, client: StrBytes, member: &StrBytes) -> Joining {
    let milliseconds = |value: i32| Duration::from_millis(value.max(0) as u64);
    let session_timeout = milliseconds(request.session_timeout_ms);
    Joining {
        member: member.clone(),
        instance: request.group_instance_id,
        client,
        session_timeout,
        // Version 0 of the request has no timeout of its own for this.
        rebalance_timeout: milliseconds(request.rebalance_timeout_ms).max(session_timeout),
        protocol_type: request.protocol_type,
        protocols: request.protocols.into_iter().map(|one| (one.name, one.metadata)).collect(),
    }
}
