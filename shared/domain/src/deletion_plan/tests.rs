//! The cut and the operations around it: what is the caller's, what is the same deletion, what is told to whom.

pub(crate) mod fakes;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{PlanPorts, Target};
use crate::caller::{Caller, CredentialKind};
use crate::connect::LINK_MINUTES;
use crate::connection::State;
use crate::deletion::{DELETE_WITHIN, Lateness, Reason, Step, Subject};
use crate::error::Kind;
use crate::idempotency::{Attempt, Standing};
use crate::ids::ConnectionId;
use crate::mail::LOOK_AGAIN;
use crate::ops::read_deletions::{self, receipt};
use crate::ops::request_deletion::{self, by_link, by_mail};
use crate::ops::{disconnect, send_mail, sweep_deletions};
use crate::ports::Entropy;
use crate::random::tests::Counting;
use crate::retention::DELETE_DAYS;
use fakes::{World, account, caller, now, profile, tenant};

fn server() -> Caller {
    caller(CredentialKind::ApiKey)
}

fn browser(user: &str) -> Caller {
    caller(CredentialKind::FrontendToken(user.parse().unwrap()))
}

fn whole(connection: &ConnectionId) -> Target {
    Target { connection: connection.clone(), account: None }
}

fn part(connection: &ConnectionId, number: u128) -> Target {
    Target { connection: connection.clone(), account: Some(account(number)) }
}

fn disconnect(world: &World, caller: &Caller, target: &Target) -> crate::Result<super::Started> {
    now(disconnect::run(&disconnect::Ports { plan: world.plan(), queue: world }, caller, target))
}

#[test]
fn s18_a_disconnect_is_planned_whole_and_started_at_once() {
    let world = World::new();
    let connection = world.connect(1, &[11, 12]);
    let started = disconnect(&world, &browser("u-1"), &whole(&connection)).unwrap();
    let deletion = started.deletion;
    assert!(started.unsent.is_none());
    assert_eq!(world.memory().sent, std::slice::from_ref(&deletion.id));
    assert_eq!((deletion.reason, deletion.step), (Reason::Disconnected, Step::ShredData));
    assert_eq!(deletion.delete_by, deletion.t0 + DELETE_WITHIN);
    assert_eq!(deletion.next_step_at, Some(deletion.t0));
    assert!(deletion.code.len() >= 22, "at least 128 random bits");
    assert_eq!(deletion.keys.len(), 1);
}

#[test]
fn a_second_disconnect_answers_the_same_deletion() {
    let world = World::new();
    let connection = world.connect(1, &[11, 12]);
    let account = disconnect(&world, &server(), &part(&connection, 11)).unwrap().deletion;
    assert_eq!(account.subject, Subject::Account(connection.clone(), fakes::account(11)));
    assert_eq!(disconnect(&world, &server(), &part(&connection, 11)).unwrap().deletion.id, account.id);
    let first = disconnect(&world, &server(), &whole(&connection)).unwrap().deletion;
    let again = disconnect(&world, &browser("u-1"), &whole(&connection)).unwrap().deletion;
    assert_eq!((first.id.clone(), first.t0), (again.id, again.t0));
    assert_eq!(disconnect(&world, &server(), &part(&connection, 12)).unwrap().deletion.id, first.id);
}

#[test]
fn what_is_another_s_is_not_there() {
    let world = World::new();
    let connection = world.connect(1, &[11]);
    let elsewhere = Caller { tenant: "ten_00000000000000000000000002".parse().unwrap(), ..server() };
    for (caller, target) in [
        (browser("u-2"), whole(&connection)),
        (elsewhere, whole(&connection)),
        (server(), whole(&ConnectionId::from_uuid(uuid::Uuid::from_u128(77)))),
        (server(), part(&connection, 77)),
    ] {
        let error = disconnect(&world, &caller, &target).unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::NotFound, "not_found"));
    }
    assert!(world.memory().log.is_empty());
    let unscoped = Caller { scopes: Vec::new(), ..server() };
    assert_eq!(disconnect(&world, &unscoped, &whole(&connection)).unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn with_the_last_account_the_whole_connection_goes() {
    let world = World::new();
    let connection = world.connect(1, &[11, 12]);
    disconnect(&world, &server(), &part(&connection, 11)).unwrap();
    let last = disconnect(&world, &server(), &part(&connection, 12)).unwrap().deletion;
    assert_eq!(last.subject, Subject::Connection(connection.clone()));
    assert_eq!(world.memory().connections[&connection].state, State::Purging);
}

#[test]
fn a_message_that_was_not_sent_does_no_harm() {
    let world = World::new();
    let connection = world.connect(1, &[11]);
    world.memory().queue_is_away = true;
    let started = disconnect(&world, &server(), &whole(&connection)).unwrap();
    assert!(started.unsent.is_some());
    world.memory().queue_is_away = false;
    let ports = sweep_deletions::Ports { clock: &world, ledger: &world, queue: &world };
    let swept = now(sweep_deletions::run(&ports)).unwrap();
    assert_eq!((swept.sent, world.memory().sent.as_slice()), (1, [started.deletion.id].as_slice()));
}

#[test]
fn late_deletions_are_found_by_age() {
    let world = World::new();
    let connection = world.connect(1, &[11]);
    disconnect(&world, &server(), &whole(&connection)).unwrap();
    let ports = sweep_deletions::Ports { clock: &world, ledger: &world, queue: &world };
    let mut seen = Vec::new();
    for hours in [47, 1, 72] {
        world.pass(SignedDuration::from_hours(hours));
        seen.push(now(sweep_deletions::run(&ports)).unwrap().late.first().map(|(_, late)| *late));
    }
    assert_eq!(seen, [None, Some(Lateness::Alarm), Some(Lateness::Page)]);
}

#[test]
fn t44_a_tenant_is_deleted_by_its_server_only() {
    let world = World::new();
    let attempt = attempt(Standing::First);
    let ports = request_deletion::Ports { plan: world.plan(), queue: &world, attempt: &attempt };
    let run = |caller: &Caller| now(request_deletion::run(&ports, caller, &request_deletion::Input::Tenant));
    assert_eq!(run(&browser("u-1")).unwrap_err().kind, Kind::Forbidden);
    let deletion = run(&server()).unwrap().deletion;
    assert_eq!((deletion.subject, deletion.step), (Subject::Tenant, Step::CutConnections));
    assert_eq!((deletion.reason, deletion.platform.as_str()), (Reason::Requested, ""));
}

fn attempt(standing: Standing) -> Attempt {
    let mut attempt = Attempt::once(Timestamp::UNIX_EPOCH, Arc::new(Counting::default()));
    attempt.standing = standing;
    attempt
}

#[test]
fn a_repeated_request_answers_its_deletion_also_when_the_rows_are_gone() {
    let world = World::new();
    let connection = world.connect(1, &[11]);
    let input = request_deletion::Input::Part(whole(&connection));
    let run = |attempt: &Attempt| {
        let ports = request_deletion::Ports { plan: world.plan(), queue: &world, attempt };
        now(request_deletion::run(&ports, &server(), &input))
    };
    let first = run(&attempt(Standing::First)).unwrap().deletion;
    let sent = world.memory().sent.len();
    world.memory().connections.clear();
    let again = run(&attempt(Standing::Done(Some(first.id.to_string())))).unwrap().deletion;
    assert_eq!((again.id, again.code), (first.id, first.code));
    assert_eq!(world.memory().sent.len(), sent, "nothing is started again");
    assert_eq!(run(&attempt(Standing::First)).unwrap_err().kind, Kind::NotFound);
}

/// Gives an address on our page, from a source.
fn ask_from(world: &World, address: &str, source: &str) -> crate::Result<by_mail::Output> {
    let ports = by_mail::Ports {
        clock: world,
        entropy: &world.entropy,
        vault: world,
        keys: world,
        requests: world,
        queue: world,
    };
    now(by_mail::run(&ports, address, Some(source)))
}

fn ask(world: &World, address: &str) -> crate::Result<by_mail::Output> {
    ask_from(world, address, "192.0.2.1")
}

/// Works off what the queue shows now; answers the outcomes.
fn mail(world: &World) -> Vec<crate::Result<send_mail::Outcome>> {
    let profile = profile();
    let ports = send_mail::Ports {
        clock: world,
        entropy: &world.entropy,
        vault: world,
        keys: world,
        requests: world,
        paces: world,
        index: world,
        connections: world,
        links: world,
        queue: world,
        mailer: world,
        profile: &profile,
        api_origin: "https://api.example.com",
    };
    let at = world.memory().now;
    let (due, later): (Vec<_>, Vec<_>) =
        std::mem::take(&mut world.memory().asked).into_iter().partition(|(shows, _)| *shows <= at);
    world.memory().asked = later;
    due.iter().map(|(_, id)| now(send_mail::run(&ports, id))).collect()
}

/// Minute by minute, until nothing waits; answers after how many minutes mails left.
fn mail_minutes(world: &World) -> Vec<i64> {
    let start = world.memory().now;
    let mut left = Vec::new();
    while !world.memory().asked.is_empty() {
        let before = world.memory().mails.len();
        for outcome in mail(world) {
            outcome.unwrap();
        }
        if world.memory().mails.len() > before {
            left.push(world.memory().now.duration_since(start).as_mins());
        }
        world.pass(SignedDuration::from_mins(1));
    }
    left
}

#[test]
fn t53_the_answer_and_the_work_do_not_tell_whether_an_address_is_known() {
    let world = World::new();
    world.connect(1, &[11]);
    for address in ["nobody@example.com", " Anna@Example.com "] {
        let output = ask(&world, address).unwrap();
        assert_eq!((output.delay_seconds, output.uncounted.is_none()), (0, true));
    }
    assert_eq!(world.memory().requests.len(), 2, "the same was done for both");
    assert!(world.memory().links.is_empty(), "links are made by who sends mail");
    let outcomes: Vec<_> = mail(&world).into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, [send_mail::Outcome::Waits, send_mail::Outcome::Sent]);
    world.pass(LOOK_AGAIN + SignedDuration::from_secs(1));
    assert_eq!(*mail(&world)[0].as_ref().unwrap(), send_mail::Outcome::Unknown);
    assert!(world.memory().requests.is_empty(), "the sealed addresses are forgotten");

    let (to, text) = world.memory().mails.remove(0);
    assert_eq!(to, "anna@example.com", "mail goes to the address that was compared");
    assert!(text.contains("Example") && text.contains("privacy@example.com"));
    assert!(
        text.contains(&format!("{DELETE_DAYS} days")) && text.contains(&format!("{LINK_MINUTES} minutes"))
    );
    let token = link_in(&text);
    let (key, link) = world.memory().links.remove(0);
    assert_eq!(key, world.entropy.digest(token.as_bytes()));
    assert_eq!(link.connections.len(), 1);
}

#[test]
fn an_address_that_only_looks_like_a_known_one_gets_no_mail() {
    let world = World::new();
    world.connect(1, &[11]);
    for bad in ["", "anna", "a@b\r\nBcc: c@d", "\u{212A}im@example.com", "anna@e\u{FF58}ample.com"] {
        assert_eq!(ask(&world, bad).unwrap_err().code, "invalid_email", "{bad}");
    }
    assert!(world.memory().requests.is_empty());
    assert!(world.memory().asked.is_empty());
}

#[test]
fn many_requests_of_one_address_are_answered_by_few_mails_and_none_is_lost() {
    let world = World::new();
    world.connect(1, &[11]);
    for _ in 0..72 {
        ask(&world, "anna@example.com").unwrap();
    }
    let left = mail_minutes(&world);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left.iter().all(|minute| *minute <= 25),
        "a busy source waits 10 minutes, the address 15: {left:?}"
    );
}

#[test]
fn a_busy_source_waits_and_loses_nothing() {
    let world = World::new();
    world.connect(1, &[11]);
    let delays: Vec<_> = (0..12)
        .map(|number| {
            ask_from(&world, &format!("nobody{number}@example.com"), "192.0.2.7").unwrap().delay_seconds
        })
        .collect();
    assert_eq!((delays[0], delays[9], delays[10]), (0, 0, 600));
    assert_eq!(ask_from(&world, "anna@example.com", "192.0.2.7").unwrap().delay_seconds, 600);
    assert_eq!(ask_from(&world, "ben@example.com", "192.0.2.8").unwrap().delay_seconds, 0, "another source");
    assert_eq!(mail_minutes(&world), [10], "the known address of the busy source gets its mail");
}

#[test]
fn a_mail_that_cannot_be_sent_is_tried_again_and_never_given_up_in_silence() {
    let world = World::new();
    world.connect(1, &[11]);
    ask(&world, "anna@example.com").unwrap();
    let message = world.memory().asked[0].clone();
    world.memory().mail_is_away = true;
    assert!(mail(&world)[0].is_err(), "the queue keeps the message");
    assert_eq!(world.memory().requests.len(), 1, "and the request its address");
    world.memory().mail_is_away = false;
    world.memory().asked.push(message);
    assert_eq!(*mail(&world)[0].as_ref().unwrap(), send_mail::Outcome::Sent);
    assert_eq!(world.memory().mails.len(), 1);
}

#[test]
fn links_of_one_address_end_together() {
    let world = World::new();
    world.connect(1, &[11]);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        ask(&world, "anna@example.com").unwrap();
        mail(&world);
        tokens.push(link_in(&world.memory().mails.last().unwrap().1.clone()));
        world.pass(crate::mail::PAUSE);
    }
    let ports = link_ports(&world);
    now(by_link::run(&ports, &tokens[1])).unwrap();
    for token in &tokens {
        assert_eq!(now(by_link::look(&ports.look, token)).unwrap_err().code, "link_used");
        assert_eq!(now(by_link::run(&ports, token)).unwrap_err().code, "link_used");
    }
    world.connect(2, &[21]);
    world.pass(crate::mail::PAUSE);
    ask(&world, "anna@example.com").unwrap();
    mail(&world);
    let later = link_in(&world.memory().mails.last().unwrap().1.clone());
    assert_eq!(now(by_link::look(&ports.look, &later)).unwrap().len(), 1, "a link that was made later works");
}

fn link_in(text: &str) -> String {
    let start = text.split("https://api.example.com/deletion-requests/").nth(1).unwrap();
    start.split_whitespace().next().unwrap().to_owned()
}

fn link_ports(world: &World) -> by_link::Ports<'_> {
    by_link::Ports {
        look: by_link::LookPorts { plan: world.plan(), links: world, ends: world },
        take: world,
        queue: world,
    }
}

#[test]
fn t53_looking_at_a_link_uses_nothing_up_and_confirming_it_works_once() {
    let world = World::new();
    let connections = [world.connect(1, &[11, 12]), world.connect(2, &[21])];
    ask(&world, "anna@example.com").unwrap();
    mail(&world);
    let token = link_in(&world.memory().mails[0].1.clone());
    let ports = link_ports(&world);
    for _ in 0..2 {
        let held = now(by_link::look(&ports.look, &token)).unwrap();
        assert_eq!(held.iter().map(|one| one.accounts).sum::<usize>(), 3);
    }
    assert!(world.memory().log.is_empty());

    let output = now(by_link::run(&ports, &token)).unwrap();
    assert_eq!(output.deletions.len(), 2);
    assert!(output.deletions.iter().all(|deletion| deletion.reason == Reason::RequestedByMail));
    for connection in &connections {
        assert_eq!(world.memory().connections[connection].state, State::Purging);
    }
    let again = now(by_link::run(&ports, &token)).unwrap_err();
    assert_eq!((again.kind, again.code), (Kind::Gone, "link_used"));
    assert_eq!(now(by_link::look(&ports.look, &token)).unwrap_err().kind, Kind::Gone);
    assert_eq!(world.memory().log.len(), 2);
}

#[test]
fn a_link_stops_working_after_its_hour() {
    let world = World::new();
    world.connect(1, &[11]);
    ask(&world, "anna@example.com").unwrap();
    mail(&world);
    let token = link_in(&world.memory().mails[0].1.clone());
    world.pass(SignedDuration::from_mins(60));
    assert_eq!(now(by_link::run(&link_ports(&world), &token)).unwrap_err().kind, Kind::Gone);
    assert!(world.memory().log.is_empty());
}

fn read_ports(world: &World) -> read_deletions::Ports<'_> {
    read_deletions::Ports { ledger: world, owners: world, clock: world }
}

#[test]
fn a_browser_reads_the_deletions_of_its_own_end_user_and_no_others() {
    let world = World::new();
    let connection = world.connect(1, &[11, 12]);
    let ports = read_ports(&world);
    let account = disconnect(&world, &server(), &part(&connection, 11)).unwrap().deletion;
    let whole = disconnect(&world, &server(), &whole(&connection)).unwrap().deletion;
    let tenant =
        now(super::cut(&world.plan(), &tenant(), &Subject::Tenant, Reason::Requested, account.t0)).unwrap();
    for deletion in [&account, &whole] {
        assert_eq!(now(read_deletions::get(&ports, &browser("u-1"), &deletion.id)).unwrap().id, deletion.id);
        for other in ["u-2", "u-11", "U-1"] {
            let unseen = now(read_deletions::get(&ports, &browser(other), &deletion.id)).unwrap_err();
            assert_eq!((unseen.kind, unseen.code), (Kind::NotFound, "not_found"));
            let unseen = now(receipt::get(&ports, &world, &browser(other), &deletion.id)).unwrap_err();
            assert_eq!(
                (unseen.kind, unseen.code),
                (Kind::NotFound, "not_found"),
                "nor does it say that it runs"
            );
        }
    }
    let unseen = now(read_deletions::get(&ports, &browser("u-1"), &tenant.id)).unwrap_err();
    assert_eq!(unseen.kind, Kind::NotFound, "a tenant's deletion is no end user's");
    world.pass(DELETE_WITHIN);
    assert!(
        now(read_deletions::get(&ports, &browser("u-1"), &whole.id)).is_err(),
        "nobody knows whose it was"
    );
    assert!(now(read_deletions::get(&ports, &server(), &whole.id)).is_ok());
}

#[test]
fn deletions_are_listed_to_servers_and_shown_by_id_and_code() {
    let world = World::new();
    let connection = world.connect(1, &[11]);
    let deletion = disconnect(&world, &server(), &whole(&connection)).unwrap().deletion;
    let ports = read_ports(&world);
    assert_eq!(
        now(read_deletions::list(&ports, &browser("u-1"), None, 10)).unwrap_err().kind,
        Kind::Forbidden
    );
    assert_eq!(now(read_deletions::list(&ports, &server(), None, 10)).unwrap().len(), 1);
    assert_eq!(now(read_deletions::get(&ports, &browser("u-1"), &deletion.id)).unwrap().id, deletion.id);
    assert_eq!(now(read_deletions::by_code(&world, &world.entropy, &deletion.code)).unwrap().id, deletion.id);
    assert_eq!(
        now(read_deletions::by_code(&world, &world.entropy, "guess")).unwrap_err().kind,
        Kind::NotFound
    );
    let early = now(receipt::get(&ports, &world, &server(), &deletion.id)).unwrap_err();
    assert_eq!((early.kind, early.code), (Kind::Conflict, "not_verified_yet"));
    assert!(early.message.contains("shred_data"));
}

#[test]
fn plans_write_nothing() {
    let world = World::new();
    let connection = world.connect(1, &[11, 12]);
    let plan: PlanPorts<'_> = world.plan();
    let t0 = world.memory().now - SignedDuration::from_hours(20);
    let subject = Subject::Connection(connection);
    let (deletion, owner) =
        now(super::plan(&plan, &tenant(), &subject, Reason::RevokedAtPlatform, t0)).unwrap();
    assert_eq!((deletion.t0, deletion.delete_by), (t0, t0 + DELETE_WITHIN));
    assert_eq!(deletion.next_step_at, Some(world.memory().now));
    assert_eq!(owner, Some("u-1".parse().unwrap()));
    assert!(world.memory().log.is_empty());
}
