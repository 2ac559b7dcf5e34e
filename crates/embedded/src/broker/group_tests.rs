use super::*;

const SESSION: Duration = Duration::from_secs(6);
const REBALANCE: Duration = Duration::from_mins(1);

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn joining(member: &str) -> Joining {
    Joining {
        member: text(member),
        instance: None,
        client: text("client"),
        session_timeout: SESSION,
        rebalance_timeout: REBALANCE,
        protocol_type: text("consumer"),
        protocols: vec![(text("range"), Bytes::from(format!("{member} subscribes")))],
    }
}

/// A group whose members have all got their assignment.
fn stable(members: &[&str], now: Instant) -> (Group, Instant) {
    let mut group = Group::default();
    for member in members {
        group.join(joining(member), now).unwrap();
    }
    let now = now + FIRST_JOIN_DELAY;
    group.tick(now);
    let leader = group.leader.clone();
    let assignments =
        members.iter().map(|member| (text(member), Bytes::from(format!("{member} works")))).collect();
    group.sync(&leader, assignments, now);
    assert_eq!(group.state(), "Stable");
    (group, now)
}

#[test]
fn members_that_start_together_meet_in_one_generation() {
    let now = Instant::now();
    let mut group = Group::default();
    let awaited = group.join(joining("a"), now).unwrap();
    group.join(joining("b"), now).unwrap();
    assert_eq!(group.joined(&text("a"), awaited), None);
    assert_eq!(group.next_tick(), Some(now + FIRST_JOIN_DELAY));
    group.tick(now + FIRST_JOIN_DELAY);
    let leader = group.joined(&text("a"), awaited).unwrap().unwrap();
    let follower = group.joined(&text("b"), awaited).unwrap().unwrap();
    assert_eq!((leader.id, follower.id), (1, 1));
    assert_eq!((leader.members.len(), follower.members.len()), (2, 0));
    assert_eq!(leader.members[1], (text("b"), None, Bytes::from("b subscribes")));
    assert_eq!(group.synced(&text("b"), 1), None, "a follower waits for the leader");
    group.sync(&text("a"), vec![(text("b"), Bytes::from("b works"))], now);
    assert_eq!(group.synced(&text("b"), 1), Some(Ok(Bytes::from("b works"))));
    assert_eq!(group.synced(&text("a"), 1), Some(Ok(Bytes::new())));
}

#[test]
fn a_new_member_makes_the_others_join_again() {
    let (mut group, now) = stable(&["a", "b"], Instant::now());
    let awaited = group.join(joining("c"), now).unwrap();
    assert_eq!(group.heartbeat(&text("a"), 1, now), Err(ResponseError::RebalanceInProgress));
    group.join(joining("a"), now).unwrap();
    assert_eq!(group.joined(&text("c"), awaited), None, "b is missing");
    group.join(joining("b"), now).unwrap();
    assert_eq!(group.joined(&text("c"), awaited).unwrap().unwrap().id, 2);
    assert_eq!(group.heartbeat(&text("a"), 1, now), Err(ResponseError::IllegalGeneration));
}

#[test]
fn a_member_that_leaves_or_falls_silent_is_replaced() {
    let (mut group, now) = stable(&["a", "b", "c"], Instant::now());
    group.leave(&text("a"), now).unwrap();
    assert_eq!(group.heartbeat(&text("a"), 1, now), Err(ResponseError::UnknownMemberId));
    let awaited = group.join(joining("b"), now).unwrap();
    assert_eq!(group.joined(&text("b"), awaited), None);
    assert_eq!(group.next_tick(), Some(now + SESSION), "c has not been heard of");
    group.tick(now + SESSION);
    let generation = group.joined(&text("b"), awaited).unwrap().unwrap();
    assert_eq!((generation.leader, generation.members.len()), (text("b"), 1));
}

#[test]
fn a_member_that_only_beats_its_heart_is_left_behind_at_the_rebalance_timeout() {
    let (mut group, start) = stable(&["a", "b"], Instant::now());
    let awaited = group.join(joining("c"), start).unwrap();
    group.join(joining("a"), start).unwrap();
    let mut now = start;
    while now < start + REBALANCE {
        assert_eq!(group.heartbeat(&text("b"), 1, now), Err(ResponseError::RebalanceInProgress));
        assert_eq!(group.joined(&text("c"), awaited), None);
        now += SESSION / 2;
    }
    group.tick(start + REBALANCE);
    assert_eq!(group.joined(&text("c"), awaited).unwrap().unwrap().id, 2);
    assert_eq!(group.joined(&text("b"), awaited), Some(Err(ResponseError::UnknownMemberId)));
}

#[test]
fn a_leader_that_never_syncs_does_not_hold_the_others_up_for_ever() {
    let now = Instant::now();
    let mut group = Group::default();
    group.join(joining("a"), now).unwrap();
    group.join(joining("b"), now).unwrap();
    let now = now + FIRST_JOIN_DELAY;
    group.tick(now);
    let later = now + SESSION / 2;
    group.sync(&text("b"), Vec::new(), later);
    group.tick(now + SESSION);
    assert_eq!(group.synced(&text("b"), 1), Some(Err(ResponseError::RebalanceInProgress)));
}

#[test]
fn a_member_that_missed_the_answer_gets_it_again_without_a_rebalance() {
    let (mut group, now) = stable(&["a", "b"], Instant::now());
    let awaited = group.join(joining("b"), now).unwrap();
    assert_eq!(group.joined(&text("b"), awaited).unwrap().unwrap().id, 1);
    assert_eq!(group.state(), "Stable");
    group.join(joining("a"), now).unwrap();
    assert_eq!(group.state(), "PreparingRebalance", "the leader asks for a rebalance by joining");
}

#[test]
fn members_need_a_strategy_in_common() {
    let (mut group, now) = stable(&["a"], Instant::now());
    let stranger = Joining { protocols: vec![(text("other"), Bytes::new())], ..joining("b") };
    assert_eq!(group.join(stranger, now), Err(ResponseError::InconsistentGroupProtocol));
    assert_eq!(group.state(), "Stable");
}

#[test]
fn only_members_of_this_generation_commit_offsets() {
    let (mut group, now) = stable(&["a"], Instant::now());
    assert_eq!(group.may_commit(&text("a"), 1, now), Ok(()));
    assert_eq!(group.may_commit(&text("a"), 0, now), Err(ResponseError::IllegalGeneration));
    assert_eq!(group.may_commit(&text("b"), 1, now), Err(ResponseError::UnknownMemberId));
    assert_eq!(group.may_commit(&text(""), -1, now), Err(ResponseError::UnknownMemberId));
    group.leave(&text("a"), now).unwrap();
    assert_eq!(group.state(), "Empty");
    assert_eq!(group.may_commit(&text(""), -1, now), Ok(()));
}

#[test]
fn of_two_processes_of_one_instance_the_later_one_stays() {
    let now = Instant::now();
    let mut group = Group::default();
    let instance = text("i-1");
    let of = |member: &str| Joining { instance: Some(text("i-1")), ..joining(member) };
    group.join(of("old"), now).unwrap();
    group.tick(now + FIRST_JOIN_DELAY);
    assert_eq!(group.check_instance(Some(&instance), &text("old")), Ok(()));
    group.join(of("new"), now).unwrap();
    let fenced = Err(ResponseError::FencedInstanceId);
    assert_eq!(group.check_instance(Some(&instance), &text("old")), fenced);
    assert_eq!(group.check_instance(Some(&instance), &text("new")), Ok(()));
    assert_eq!(group.member_of(&instance), Some(&text("new")));
    // Who has no instance, or one that nobody has, is none of this rule's business.
    assert_eq!(group.check_instance(None, &text("old")), Ok(()));
    assert_eq!(group.check_instance(Some(&text("i-2")), &text("old")), Ok(()));
}

#[test]
fn a_group_whose_members_all_died_is_empty_after_their_session() {
    let (mut group, now) = stable(&["a", "b"], Instant::now());
    group.tick(now + SESSION + Duration::from_secs(1));
    assert_eq!((group.state(), group.members.len()), ("Empty", 0));
}
