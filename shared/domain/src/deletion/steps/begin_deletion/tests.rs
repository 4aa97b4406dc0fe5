//! The cutoff and the operations around it: what is the caller's, what is the same deletion, what is told to whom.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::base::error::Kind;
use crate::base::ids::ConnectionId;
use crate::base::place::Subject;
use crate::connect::connection::State;
use crate::deletion::ledger::{DELETE_WITHIN, Lateness, Reason, Step};
use crate::deletion::ops::read_deletions::receipt;
use crate::deletion::ops::request_deletion::by_link::{self, Seen};
use crate::deletion::ops::request_deletion::by_operator;
use crate::deletion::ops::send_mail;
use crate::deletion::ops::{disconnect, read_deletions, request_deletion, sweep_deletions};
use crate::deletion::steps::begin_deletion::Target;
use crate::guard::idempotency::{Attempt, Standing};
use crate::notice::mail::LOOK_AGAIN;
use crate::people::caller::Caller;
use crate::testing::{World, account_of, attempt, browser, link_in, ports, ready, server, tenant};

fn whole(connection: &ConnectionId) -> Target {
    Target { connection: connection.clone(), account: None }
}

fn part(connection: &ConnectionId, number: u128) -> Target {
    Target { connection: connection.clone(), account: Some(account_of(number)) }
}

fn disconnect(world: &Arc<World>, caller: &Caller, target: &Target) -> crate::Result<super::Started> {
    let ports = ports!(world, disconnect::Ports { clock, entropy, rows, queue });
    ready(disconnect::run(&ports, caller, target))
}

#[test]
fn s18_a_disconnect_is_planned_whole_and_started_at_once() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11, 12]);
    let started = disconnect(&world, &browser("u-1"), &whole(&connection)).unwrap();
    let deletion = started.deletion;
    assert!(started.unsent.is_none());
    assert_eq!(world.deletion.sent.lock().unwrap().as_slice(), std::slice::from_ref(&deletion.id));
    assert_eq!((deletion.reason, deletion.step), (Reason::Disconnected, Step::ShredData));
    assert_eq!(deletion.delete_by, deletion.t0 + DELETE_WITHIN);
    assert_eq!(deletion.next_step_at, Some(deletion.t0));
    assert!(deletion.code.len() >= 22, "at least 128 random bits");
    assert_eq!(deletion.keys.len(), 1);
}

#[test]
fn a_second_disconnect_answers_the_same_deletion() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11, 12]);
    let account = disconnect(&world, &server(), &part(&connection, 11)).unwrap().deletion;
    assert_eq!(account.subject, Subject::Account(connection.clone(), account_of(11)));
    assert_eq!(disconnect(&world, &server(), &part(&connection, 11)).unwrap().deletion.id, account.id);
    let first = disconnect(&world, &server(), &whole(&connection)).unwrap().deletion;
    let again = disconnect(&world, &browser("u-1"), &whole(&connection)).unwrap().deletion;
    assert_eq!((first.id.clone(), first.t0), (again.id, again.t0));
    assert_eq!(disconnect(&world, &server(), &part(&connection, 12)).unwrap().deletion.id, first.id);
}

#[test]
fn what_is_another_s_is_not_there() {
    let world = World::of_deletions();
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
    assert!(world.done().is_empty());
    let unscoped = Caller { scopes: Vec::new(), ..server() };
    assert_eq!(disconnect(&world, &unscoped, &whole(&connection)).unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn with_the_last_account_the_whole_connection_goes() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11, 12]);
    disconnect(&world, &server(), &part(&connection, 11)).unwrap();
    let last = disconnect(&world, &server(), &part(&connection, 12)).unwrap().deletion;
    assert_eq!(last.subject, Subject::Connection(connection.clone()));
    assert_eq!(world.state_of(&connection), State::Purging);
}

#[test]
fn a_message_that_was_not_sent_does_no_harm() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11]);
    *world.deletion.queue_is_away.lock().unwrap() = true;
    let started = disconnect(&world, &server(), &whole(&connection)).unwrap();
    assert!(started.unsent.is_some());
    *world.deletion.queue_is_away.lock().unwrap() = false;
    let ports = sweep_ports(&world);
    let swept = ready(sweep_deletions::run(&ports)).unwrap();
    assert_eq!(
        (swept.sent, world.deletion.sent.lock().unwrap().as_slice()),
        (1, [started.deletion.id].as_slice())
    );
}

#[test]
fn late_deletions_are_found_by_age() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11]);
    disconnect(&world, &server(), &whole(&connection)).unwrap();
    let ports = sweep_ports(&world);
    let mut seen = Vec::new();
    for hours in [47, 1, 72] {
        world.pass(SignedDuration::from_hours(hours));
        seen.push(ready(sweep_deletions::run(&ports)).unwrap().late.first().map(|(_, late)| *late));
    }
    assert_eq!(seen, [None, Some(Lateness::Alarm), Some(Lateness::Page)]);
}

#[test]
fn t44_a_tenant_is_deleted_by_its_server_only() {
    let world = World::of_deletions();
    let attempt = attempt(Standing::First);
    let ports = request_ports(&world);
    let run = |caller: &Caller| {
        ready(request_deletion::run(&ports, &attempt, caller, &request_deletion::Input::Tenant))
    };
    assert_eq!(run(&browser("u-1")).unwrap_err().kind, Kind::Forbidden);
    let deletion = run(&server()).unwrap().deletion;
    assert_eq!((deletion.subject, deletion.step), (Subject::Tenant, Step::CutConnections));
    assert_eq!((deletion.reason, deletion.platform.as_str()), (Reason::Requested, ""));
}

#[test]
fn t44_a_tenant_that_its_operator_removes_is_cut_off_once_and_found_by_the_sweeper() {
    let world = World::of_deletions();
    for number in 1..=3 {
        world.connect(number, &[number * 10]);
    }
    let gone = world.connect(4, &[40]);
    disconnect(&world, &server(), &whole(&gone)).unwrap();
    let sent = world.deletion.sent.lock().unwrap().len();
    let ports = ports!(world, by_operator::Ports { clock, entropy, rows });
    let held = ready(by_operator::look(&ports, &tenant())).unwrap();
    assert_eq!((held.tenant.id, held.connections), (tenant(), 3), "one is being deleted already");
    let deletion = ready(by_operator::run(&ports, &tenant())).unwrap();
    assert_eq!((&deletion.subject, deletion.step), (&Subject::Tenant, Step::CutConnections));
    assert_eq!(deletion.delete_by, deletion.t0 + DELETE_WITHIN);
    assert_eq!(world.deletion.sent.lock().unwrap().len(), sent, "the operator has no queue");
    let swept = ready(sweep_deletions::run(&sweep_ports(&world))).unwrap();
    assert_eq!(swept.sent, 2);
    assert!(world.deletion.sent.lock().unwrap().contains(&deletion.id));
    let unknown = "ten_00000000000000000000000002".parse().unwrap();
    assert_eq!(ready(by_operator::look(&ports, &unknown)).unwrap_err().kind, Kind::NotFound);
}

fn sweep_ports(world: &Arc<World>) -> sweep_deletions::Ports {
    ports!(world, sweep_deletions::Ports { clock, rows, queue })
}

fn request_ports(world: &Arc<World>) -> request_deletion::Ports {
    ports!(world, request_deletion::Ports { clock, entropy, rows, queue })
}

#[test]
fn a_repeated_request_answers_its_deletion_also_when_the_rows_are_gone() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11]);
    let input = request_deletion::Input::Part(whole(&connection));
    let run =
        |attempt: &Attempt| ready(request_deletion::run(&request_ports(&world), attempt, &server(), &input));
    let first = run(&attempt(Standing::First)).unwrap().deletion;
    let sent = world.deletion.sent.lock().unwrap().len();
    world.connect.connections.lock().unwrap().clear();
    let again = run(&attempt(Standing::Done(Some(first.id.to_string())))).unwrap().deletion;
    assert_eq!((again.id, again.code), (first.id, first.code));
    assert_eq!(world.deletion.sent.lock().unwrap().len(), sent, "nothing is started again");
    assert_eq!(run(&attempt(Standing::First)).unwrap_err().kind, Kind::NotFound);
}

#[test]
fn t53_the_answer_and_the_work_do_not_tell_whether_an_address_is_known() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    for address in ["nobody@example.com", " Anna@Example.com "] {
        let output = world.ask(address).unwrap();
        assert_eq!((output.delay_seconds, output.uncounted.is_none()), (0, true));
    }
    assert_eq!(world.notice.requests.lock().unwrap().len(), 2, "the same was done for both");
    assert!(world.flow.links.lock().unwrap().is_empty(), "links are made by who sends mail");
    let outcomes: Vec<_> = world.mail().into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, [send_mail::Outcome::Waits, send_mail::Outcome::Sent]);
    world.pass(LOOK_AGAIN + SignedDuration::from_secs(1));
    assert_eq!(*world.mail()[0].as_ref().unwrap(), send_mail::Outcome::Unknown);
    assert!(world.notice.requests.lock().unwrap().is_empty(), "the sealed addresses are forgotten");

    let (to, text) = world.notice.mails.lock().unwrap().remove(0);
    assert_eq!(to, "anna@example.com", "mail goes to the address that was compared");
    assert!(text.starts_with("de: Example"), "the mail has the language in which it was asked for: {text}");
    let token = link_in(&text);
    let (key, link) = world.flow.links.lock().unwrap().remove(0);
    assert_eq!(key, world.entropy.digest(token.as_bytes()));
    assert_eq!(link.connections.len(), 1);
}

#[test]
fn an_address_that_only_looks_like_a_known_one_gets_no_mail() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    for bad in ["", "anna", "a@b\r\nBcc: c@d", "\u{212A}im@example.com", "anna@e\u{FF58}ample.com"] {
        assert_eq!(world.ask(bad).unwrap_err().code, "invalid_email", "{bad}");
    }
    assert!(world.notice.requests.lock().unwrap().is_empty());
    assert!(world.notice.asked.lock().unwrap().is_empty());
}

#[test]
fn many_requests_of_one_address_are_answered_by_few_mails_and_none_is_lost() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    for _ in 0..72 {
        world.ask("anna@example.com").unwrap();
    }
    let left = world.mail_minutes();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left.iter().all(|minute| *minute <= 25),
        "a busy source waits 10 minutes, the address 15: {left:?}"
    );
}

#[test]
fn a_busy_source_waits_and_loses_nothing() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    let delays: Vec<_> = (0..12)
        .map(|number| {
            world.ask_from(&format!("nobody{number}@example.com"), "192.0.2.7").unwrap().delay_seconds
        })
        .collect();
    assert_eq!((delays[0], delays[9], delays[10]), (0, 0, 600));
    assert_eq!(world.ask_from("anna@example.com", "192.0.2.7").unwrap().delay_seconds, 600);
    assert_eq!(world.ask_from("ben@example.com", "192.0.2.8").unwrap().delay_seconds, 0, "another source");
    assert_eq!(world.mail_minutes(), [10], "the known address of the busy source gets its mail");
}

#[test]
fn a_mail_that_cannot_be_sent_is_tried_again_and_never_given_up_in_silence() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    world.ask("anna@example.com").unwrap();
    let message = world.notice.asked.lock().unwrap()[0].clone();
    *world.notice.mail_is_away.lock().unwrap() = true;
    assert!(world.mail()[0].is_err(), "the queue keeps the message");
    assert_eq!(world.notice.requests.lock().unwrap().len(), 1, "and the request its address");
    *world.notice.mail_is_away.lock().unwrap() = false;
    world.notice.asked.lock().unwrap().push(message);
    assert_eq!(*world.mail()[0].as_ref().unwrap(), send_mail::Outcome::Sent);
    assert_eq!(world.notice.mails.lock().unwrap().len(), 1);
}

#[test]
fn links_of_one_address_end_together() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        world.ask("anna@example.com").unwrap();
        world.mail();
        tokens.push(world.mailed_link());
        world.pass(crate::notice::mail::PAUSE);
    }
    let ports = link_ports(&world);
    ready(by_link::run(&ports, &tokens[1])).unwrap();
    assert_eq!(ready(by_link::look(&ports, &tokens[0])).unwrap_err().code, "link_used");
    assert_eq!(ready(by_link::run(&ports, &tokens[0])).unwrap_err().code, "link_used");
    world.connect(2, &[21]);
    world.pass(crate::notice::mail::PAUSE);
    world.ask("anna@example.com").unwrap();
    world.mail();
    let later = world.mailed_link();
    assert_eq!(held(&ports, &later).len(), 1, "a link that was made later works");
}

fn held(ports: &by_link::Ports, token: &str) -> Vec<by_link::Held> {
    let Seen::Held(held) = ready(by_link::look(ports, token)).unwrap() else { panic!("nothing is held") };
    held
}

fn link_ports(world: &Arc<World>) -> by_link::Ports {
    ports!(world, by_link::Ports { clock, entropy, rows, queue })
}

#[test]
fn t53_looking_at_a_link_uses_nothing_up_and_confirming_it_works_once() {
    let world = World::of_deletions();
    let connections = [world.connect(1, &[11, 12]), world.connect(2, &[21])];
    world.ask("anna@example.com").unwrap();
    world.mail();
    let token = world.mailed_link();
    let ports = link_ports(&world);
    for _ in 0..2 {
        let held = held(&ports, &token);
        assert_eq!(held.iter().map(|one| one.accounts).sum::<usize>(), 3);
    }
    assert!(world.done().is_empty());

    let output = ready(by_link::run(&ports, &token)).unwrap();
    assert_eq!(output.deletions.len(), 2);
    assert!(output.deletions.iter().all(|deletion| deletion.reason == Reason::RequestedByMail));
    for connection in &connections {
        assert_eq!(world.connect.connections.lock().unwrap()[connection].state, State::Purging);
    }
    assert!(ready(by_link::run(&ports, &token)).unwrap().deletions.is_empty(), "nothing begins again");
    assert_eq!(world.done().len(), 2);
    world.pass(SignedDuration::from_hours(24 * 400));
    let Seen::Begun(begun) = ready(by_link::look(&ports, &token)).unwrap() else { panic!("it asks again") };
    let accounts: Vec<_> = begun.iter().map(|one| one.accounts).collect();
    assert_eq!(accounts, [Some(2), Some(1)], "the link shows what it deleted, a year later too");
}

#[test]
fn a_link_stops_working_after_its_hour() {
    let world = World::of_deletions();
    world.connect(1, &[11]);
    world.ask("anna@example.com").unwrap();
    world.mail();
    let token = world.mailed_link();
    world.pass(SignedDuration::from_mins(60));
    assert_eq!(ready(by_link::run(&link_ports(&world), &token)).unwrap_err().kind, Kind::Gone);
    assert!(world.done().is_empty());
}

fn read_ports(world: &Arc<World>) -> read_deletions::Ports {
    ports!(world, read_deletions::Ports { clock, rows })
}

#[test]
fn a_browser_reads_the_deletions_of_its_own_end_user_and_no_others() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11, 12]);
    let ports = read_ports(&world);
    let account = disconnect(&world, &server(), &part(&connection, 11)).unwrap().deletion;
    let whole = disconnect(&world, &server(), &whole(&connection)).unwrap().deletion;
    let tenant =
        ready(super::cut(&world.plan(), &tenant(), &Subject::Tenant, Reason::Requested, account.t0)).unwrap();
    for deletion in [&account, &whole] {
        assert_eq!(
            ready(read_deletions::get(&ports, &browser("u-1"), &deletion.id)).unwrap().id,
            deletion.id
        );
        for other in ["u-2", "u-11", "U-1"] {
            let unseen = ready(read_deletions::get(&ports, &browser(other), &deletion.id)).unwrap_err();
            assert_eq!((unseen.kind, unseen.code), (Kind::NotFound, "not_found"));
            let unseen =
                ready(receipt::get(&ports, world.as_ref(), &browser(other), &deletion.id)).unwrap_err();
            assert_eq!(
                (unseen.kind, unseen.code),
                (Kind::NotFound, "not_found"),
                "nor does it say that it runs"
            );
        }
    }
    let unseen = ready(read_deletions::get(&ports, &browser("u-1"), &tenant.id)).unwrap_err();
    assert_eq!(unseen.kind, Kind::NotFound, "a tenant's deletion is no end user's");
    world.pass(DELETE_WITHIN);
    assert!(
        ready(read_deletions::get(&ports, &browser("u-1"), &whole.id)).is_err(),
        "nobody knows whose it was"
    );
    assert!(ready(read_deletions::get(&ports, &server(), &whole.id)).is_ok());
}

#[test]
fn deletions_are_listed_to_servers_and_shown_by_id_and_code() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11]);
    let deletion = disconnect(&world, &server(), &whole(&connection)).unwrap().deletion;
    let ports = read_ports(&world);
    assert_eq!(
        ready(read_deletions::list(&ports, &browser("u-1"), None, None, 10)).unwrap_err().kind,
        Kind::Forbidden
    );
    assert_eq!(ready(read_deletions::list(&ports, &server(), None, None, 10)).unwrap().deletions.len(), 1);
    assert_eq!(ready(read_deletions::get(&ports, &browser("u-1"), &deletion.id)).unwrap().id, deletion.id);
    assert_eq!(
        ready(read_deletions::by_code(world.as_ref(), world.entropy.as_ref(), &deletion.code)).unwrap().id,
        deletion.id
    );
    assert_eq!(
        ready(read_deletions::by_code(world.as_ref(), world.entropy.as_ref(), "guess")).unwrap_err().kind,
        Kind::NotFound
    );
    let early = ready(receipt::get(&ports, world.as_ref(), &server(), &deletion.id)).unwrap_err();
    assert_eq!((early.kind, early.code), (Kind::Conflict, "not_verified_yet"));
    assert!(early.message.contains("shred_data"));
}

#[test]
fn plans_write_nothing() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11, 12]);
    let plan = world.plan();
    let t0 = world.now() - SignedDuration::from_hours(20);
    let subject = Subject::Connection(connection);
    let (deletion, owner) =
        ready(super::plan(&plan, &tenant(), &subject, Reason::RevokedAtPlatform, t0)).unwrap();
    assert_eq!((deletion.t0, deletion.delete_by), (t0, t0 + DELETE_WITHIN));
    assert_eq!(deletion.next_step_at, Some(world.now()));
    assert_eq!(owner, Some("u-1".parse().unwrap()));
    assert!(world.done().is_empty());
}
