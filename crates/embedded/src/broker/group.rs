//! One consumer group: who is in it, and how its members agree on an assignment.
//!
//! Kafka's classic protocol. Members join; when all who were in the group have joined again, or the rebalance timeout
//! has passed, the group has a new generation and the broker names a leader. The leader assigns the partitions and
//! hands the assignments in with its sync; the others get theirs as the answer to their own. From then on heartbeats
//! keep the membership alive, and a change in the group reaches a member as the answer to its next heartbeat.
//!
//! This file is the state alone: the time comes in as an argument, and waiting is left to the caller, who asks after
//! every change and at [`Group::next_tick`] whether what it waits for has happened.

mod member;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

pub(super) use self::member::Joining;
use self::member::Member;

/// How long a new group waits for more members, so that those of one process meet in one generation.
const FIRST_JOIN_DELAY: Duration = Duration::from_millis(50);

/// Where the group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Empty,
    /// Waits for its members to join again.
    Joining {
        not_before: Instant,
        deadline: Instant,
    },
    /// Waits for the leader's assignments.
    Syncing,
    Stable,
}

/// A generation as the answer to a join describes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) id: i32,
    pub(super) protocol: StrBytes,
    pub(super) leader: StrBytes,
    /// Member, instance and subscription of everyone; only for the leader.
    pub(super) members: Vec<(StrBytes, Option<StrBytes>, Bytes)>,
}

/// What becomes of a member that waits.
pub(super) type Waiting<T> = Option<Result<T, ResponseError>>;

#[derive(Debug)]
pub(super) struct Group {
    phase: Phase,
    generation: i32,
    pub(super) protocol_type: StrBytes,
    pub(super) protocol: StrBytes,
    leader: StrBytes,
    pub(super) members: BTreeMap<StrBytes, Member>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            phase: Phase::Empty,
            generation: 0,
            protocol_type: StrBytes::default(),
            protocol: StrBytes::default(),
            leader: StrBytes::default(),
            members: BTreeMap::new(),
        }
    }
}

impl Group {
    /// Takes a member in and returns the generation it waits to see replaced; ask [`Group::joined`] for the outcome.
    pub(super) fn join(&mut self, joining: Joining, now: Instant) -> Result<i32, ResponseError> {
        self.tick(now);
        let others = || self.members.values().filter(|other| other.joining.member != joining.member);
        let shared = |(name, _): &(StrBytes, Bytes)| others().all(|other| other.supports(name));
        if joining.protocols.is_empty() || !joining.protocols.iter().any(shared) {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        if others().next().is_some() && joining.protocol_type != self.protocol_type {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        if let Some(instance) = &joining.instance {
            let replaced = |other: &Member| other.joining.instance.as_ref() == Some(instance);
            self.members.retain(|id, other| *id == joining.member || !replaced(other));
        }
        let known = self.members.get(&joining.member);
        let unchanged = known.is_some_and(|known| known.joining.protocols == joining.protocols);
        let is_leader = joining.member == self.leader;
        // A member that has missed the answer, and changes nothing, gets it again. The leader asks for a rebalance
        // by joining: it may have seen new partitions.
        let settled = match self.phase {
            Phase::Stable => unchanged && !is_leader,
            Phase::Syncing => unchanged,
            Phase::Empty | Phase::Joining { .. } => false,
        };
        if settled {
            self.touch(&joining.member, now);
            return Ok(self.generation - 1);
        }
        self.protocol_type = joining.protocol_type.clone();
        let member = Member { joining, assignment: Bytes::new(), last_seen: now, joined: true };
        let id = member.joining.member.clone();
        if !matches!(self.phase, Phase::Joining { .. }) {
            self.start_joining(now);
        }
        self.members.insert(id, member);
        let awaited = self.generation;
        self.tick(now);
        Ok(awaited)
    }

    /// The generation after `awaited`, once it is there.
    pub(super) fn joined(&self, member: &StrBytes, awaited: i32) -> Waiting<Generation> {
        if !self.members.contains_key(member) {
            return Some(Err(ResponseError::UnknownMemberId));
        }
        if self.generation <= awaited {
            return None;
        }
        let subscription = |member: &Member| {
            let chosen = member.joining.protocols.iter().find(|(name, _)| *name == self.protocol);
            chosen.map(|(_, subscription)| subscription.clone()).unwrap_or_default()
        };
        let members = if *member == self.leader {
            let all = self.members.values();
            all.map(|one| (one.joining.member.clone(), one.joining.instance.clone(), subscription(one)))
                .collect()
        } else {
            Vec::new()
        };
        let (protocol, leader) = (self.protocol.clone(), self.leader.clone());
        Some(Ok(Generation { id: self.generation, protocol, leader, members }))
    }

    /// Takes the leader's assignments, or nothing from the others; ask [`Group::synced`] for the outcome.
    pub(super) fn sync(&mut self, member: &StrBytes, assignments: Vec<(StrBytes, Bytes)>, now: Instant) {
        self.tick(now);
        self.touch(member, now);
        if self.phase == Phase::Syncing && *member == self.leader {
            for (id, assignment) in assignments {
                if let Some(member) = self.members.get_mut(&id) {
                    member.assignment = assignment;
                }
            }
            self.phase = Phase::Stable;
        }
    }

    /// The member's assignment in this generation, once the leader has made it.
    pub(super) fn synced(&self, member: &StrBytes, generation: i32) -> Waiting<Bytes> {
        if let Err(error) = self.check(member, generation) {
            return Some(Err(error));
        }
        match self.phase {
            Phase::Empty => Some(Err(ResponseError::UnknownMemberId)),
            Phase::Joining { .. } => Some(Err(ResponseError::RebalanceInProgress)),
            Phase::Syncing => None,
            Phase::Stable => self.members.get(member).map(|member| Ok(member.assignment.clone())),
        }
    }

    /// Keeps a member alive, and tells it whether it must join again.
    pub(super) fn heartbeat(
        &mut self,
        member: &StrBytes,
        generation: i32,
        now: Instant,
    ) -> Result<(), ResponseError> {
        self.tick(now);
        self.check(member, generation)?;
        self.touch(member, now);
        match self.phase {
            Phase::Joining { .. } => Err(ResponseError::RebalanceInProgress),
            Phase::Empty | Phase::Syncing | Phase::Stable => Ok(()),
        }
    }

    /// Lets a member go.
    pub(super) fn leave(&mut self, member: &StrBytes, now: Instant) -> Result<(), ResponseError> {
        self.members.remove(member).ok_or(ResponseError::UnknownMemberId)?;
        if matches!(self.phase, Phase::Syncing | Phase::Stable) {
            self.start_joining(now);
        }
        self.tick(now);
        Ok(())
    }

    /// Whether offsets may be committed. A group without members belongs to whoever commits to it.
    pub(super) fn may_commit(
        &mut self,
        member: &StrBytes,
        generation: i32,
        now: Instant,
    ) -> Result<(), ResponseError> {
        self.tick(now);
        if generation < 0 && self.members.is_empty() {
            return Ok(());
        }
        self.check(member, generation)?;
        self.touch(member, now);
        if self.phase == Phase::Syncing { Err(ResponseError::RebalanceInProgress) } else { Ok(()) }
    }

    /// Does what is due at this time: dismisses silent members and ends a rebalance.
    pub(super) fn tick(&mut self, now: Instant) {
        let joining = matches!(self.phase, Phase::Joining { .. });
        let before = self.members.len();
        self.members.retain(|_, member| (joining && member.joined) || member.expires() > now);
        if self.members.len() < before && !joining {
            self.start_joining(now);
        }
        if let Phase::Joining { not_before, deadline } = self.phase
            && now >= not_before
        {
            if now >= deadline {
                self.members.retain(|_, member| member.joined);
            }
            if self.members.values().all(|member| member.joined) {
                self.start_generation(now);
            }
        }
    }

    /// When [`Group::tick`] has something to do at the earliest.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let joining = matches!(self.phase, Phase::Joining { .. });
        let silent =
            self.members.values().filter(|member| !(joining && member.joined)).map(Member::expires).min();
        match self.phase {
            Phase::Joining { not_before, deadline } => {
                let all_joined = self.members.values().all(|member| member.joined);
                let end = if all_joined { not_before } else { deadline };
                Some(silent.map_or(end, |silent| silent.min(end)))
            }
            Phase::Empty | Phase::Syncing | Phase::Stable => silent,
        }
    }

    /// The state's name in Kafka's answers.
    pub(super) fn state(&self) -> &'static str {
        match self.phase {
            Phase::Empty => "Empty",
            Phase::Joining { .. } => "PreparingRebalance",
            Phase::Syncing => "CompletingRebalance",
            Phase::Stable => "Stable",
        }
    }

    /// Whether this member is the one of its instance. A process that was replaced by another of the same
    /// `group.instance.id` learns it, and must not take the place back.
    pub(super) fn check_instance(
        &self,
        instance: Option<&StrBytes>,
        member: &StrBytes,
    ) -> Result<(), ResponseError> {
        match instance.and_then(|instance| self.member_of(instance)) {
            Some(owner) if owner != member => Err(ResponseError::FencedInstanceId),
            _ => Ok(()),
        }
    }

    /// The member that an instance is at present.
    pub(super) fn member_of(&self, instance: &StrBytes) -> Option<&StrBytes> {
        let is_it = |member: &&Member| member.joining.instance.as_ref() == Some(instance);
        self.members.values().find(is_it).map(|member| &member.joining.member)
    }

    fn start_joining(&mut self, now: Instant) {
        let delay = if self.phase == Phase::Empty { FIRST_JOIN_DELAY } else { Duration::ZERO };
        let patience =
            self.members.values().map(|member| member.joining.rebalance_timeout).max().unwrap_or_default();
        for member in self.members.values_mut() {
            member.joined = false;
        }
        self.phase = Phase::Joining { not_before: now + delay, deadline: now + patience.max(delay) };
    }

    fn start_generation(&mut self, now: Instant) {
        let Some(first) = self.members.values().next() else {
            self.phase = Phase::Empty;
            self.leader = StrBytes::default();
            return;
        };
        let candidates = first.joining.protocols.iter().map(|(name, _)| name);
        let mut shared = candidates.filter(|name| self.members.values().all(|member| member.supports(name)));
        self.protocol = shared.next().cloned().unwrap_or_default();
        if !self.members.contains_key(&self.leader) {
            self.leader = first.joining.member.clone();
        }
        for member in self.members.values_mut() {
            member.joined = false;
            member.last_seen = now;
            member.assignment = Bytes::new();
        }
        self.generation += 1;
        self.phase = Phase::Syncing;
    }

    fn check(&self, member: &StrBytes, generation: i32) -> Result<(), ResponseError> {
        if !self.members.contains_key(member) {
            return Err(ResponseError::UnknownMemberId);
        }
        if generation == self.generation { Ok(()) } else { Err(ResponseError::IllegalGeneration) }
    }

    fn touch(&mut self, member: &StrBytes, now: Instant) {
        if let Some(member) = self.members.get_mut(member) {
            member.last_seen = now;
        }
    }
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
