//! Tests the layout of keys across families: a built key parses to its parts, and texts sort as their values
//! do.

use jiff::Timestamp;
use jiff::civil::date;
use mooring_domain::base::ids::{AccountId, AccountRef, ConnectionId, TenantId};
use mooring_domain::base::place::{Part, Place, Subject};
use mooring_domain::vault::keys::KeyContext;
use mooring_domain::vault::keys::Use;
use proptest::prelude::*;
use uuid::Uuid;

use crate::client::key::{Key, Sort, home, instant, parse_account, parse_home};
use crate::client::place::Scope;
use crate::client::samples::{Emptied, Ids, Sample};
use crate::connect::keys::{account, account_fence, candidate, is_account_fence, parse_candidate};
use crate::deletion::places::{part as deletion_part, places};
use crate::sync::keys::{
    days, due_minute, due_shard, monday, outbox, parse_outbox, parse_week, part, past, past_until, weeks,
};
use crate::vault::keys::{data_key, parse_token_version, token};
use crate::{connect, deletion, guard, notice, people, sync, vault, webhook};

/// The samples of every family with keys.
const SAMPLES: [fn(&Ids) -> Vec<Sample>; 8] = [
    vault::keys::samples,
    people::keys::samples,
    connect::keys::samples,
    sync::keys::samples,
    guard::keys::samples,
    webhook::keys::samples,
    deletion::keys::samples,
    notice::keys::samples,
];

fn ids() -> impl Strategy<Value = (TenantId, ConnectionId, AccountId)> {
    any::<(u128, u128, u128)>().prop_map(|(ten, con, acc)| {
        let uuid = Uuid::from_u128;
        (TenantId::from_uuid(uuid(ten)), ConnectionId::from_uuid(uuid(con)), AccountId::from_uuid(uuid(acc)))
    })
}

proptest! {
    #[test]
    fn what_is_built_is_parsed(ids in ids(), number in 0_usize..100, version in 1_u64..99_999_999, job in "[a-z0-9._-]{1,40}") {
        let (ten, con, acc) = ids;
        prop_assert_eq!(parse_home(&home(&ten, &con)), Some((ten.clone(), con.clone())));
        prop_assert_eq!(parse_account(&account(&ten, &con, &acc).sk), Some(acc.clone()));
        prop_assert_eq!(parse_account(&account_fence(&ten, &con, &acc).sk), None);
        prop_assert!(is_account_fence(&account_fence(&ten, &con, &acc).sk));
        prop_assert_eq!(parse_candidate(&candidate(&ten, &con, number).sk), Some(number));
        prop_assert_eq!(parse_token_version(&token(&ten, &con, "access", version).sk), Some(version));
        let sk = outbox(&ten, &con, &job, &acc).sk;
        prop_assert_eq!(parse_outbox(&sk), Some((job.as_str(), acc)));
    }

    #[test]
    fn instants_sort_as_times_do(left in 0_i64..4_000_000_000_000, right in 0_i64..4_000_000_000_000) {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        prop_assert_eq!(left.cmp(&right), instant(at(left)).cmp(&instant(at(right))));
        prop_assert_eq!(instant(at(left)).len(), 24);
    }

    #[test]
    fn weeks_hold_exactly_their_days(ids in ids(), start in 0_i32..4000, length in 0_i32..400, probe in 0_i32..5000) {
        let (tenant, connection, account) = ids;
        let account = AccountRef { tenant, connection, account };
        let day = |offset: i32| date(2020, 1, 1).saturating_add(jiff::Span::new().days(offset));
        let (from, to, probe) = (day(start), day(start + length), day(probe));
        let Sort::Between(first, last) = weeks(&account, from, to).sort else { panic!() };
        let sk = days(&account, probe).sk;
        let inside = monday(from) <= probe && monday(probe) <= to;
        prop_assert_eq!((first..=last).contains(&sk), inside);
        prop_assert_eq!(parse_week(&sk), Some(monday(probe)));
    }
}

#[test]
fn every_key_lies_under_a_place_of_its_deletion_or_says_why_under_none() {
    let of = Ids::new();
    let accounts = [of.account.account.clone()];
    let covers = |subject: &Subject, key: &Key| {
        let scope = Scope { tenant: &of.account.tenant, subject, accounts: &accounts };
        places(&scope).iter().any(|place| {
            let (partition, prefix) = place.locator.texts();
            place.class == key.table && partition == key.pk && key.sk.starts_with(prefix)
        })
    };
    let [account, connection, tenant] = [of.subject_account(), of.subject_connection(), Subject::Tenant];
    for (key, emptied) in SAMPLES.iter().flat_map(|samples| samples(&of)) {
        let by = [&account, &connection, &tenant].map(|subject| covers(subject, &key));
        let [with_account, with_connection, with_tenant] = by;
        let holds = match emptied {
            Emptied::WithAccount => with_account && with_connection,
            Emptied::WithConnection => !with_account && with_connection,
            Emptied::WithTenant => with_tenant,
            Emptied::Never(_) => by == [false; 3],
        };
        assert!(holds, "{key:?} is {emptied:?}; account, connection, tenant: {by:?}");
    }
}

#[test]
fn the_list_of_places_is_the_one_that_the_ledger_has_always_held() {
    let of = Ids::new();
    let (ten, con, acc) = (&of.account.tenant, &of.account.connection, &of.account.account);
    let listed = |subject: &Subject| {
        let places = places(&Scope { tenant: ten, subject, accounts: std::slice::from_ref(acc) });
        let text = |place: &Place| {
            let (partition, prefix) = place.locator.texts();
            format!("{} {partition} {prefix}", place.class.as_str())
        };
        places.iter().map(text).collect::<Vec<_>>()
    };
    let expected = [
        format!("vault {ten}#{con} key#data#"),
        format!("vault {ten}#{con} key#token#"),
        format!("vault {ten}#{con} tok#"),
        format!("connections {ten} {con}"),
        format!("connections {ten}#{con} "),
        format!("reports {ten}#{con}#{acc} "),
    ];
    assert_eq!(listed(&of.subject_connection()), expected);
    let expected = [
        format!("vault {ten}#{con} key#data#{acc}"),
        format!("connections {ten}#{con} acc#{acc}"),
        format!("reports {ten}#{con}#{acc} "),
    ];
    assert_eq!(listed(&of.subject_account()), expected);
    let expected = [
        format!("directory {ten} "),
        format!("connections {ten} "),
        format!("transient {ten} "),
        format!("transient rate#{ten} "),
        format!("vault {ten}#hooks "),
    ];
    assert_eq!(listed(&Subject::Tenant), expected);
}

#[test]
fn a_part_of_a_place_leaves_out_the_subjects_own_row() {
    let of = Ids::new();
    let (ten, con, acc) = (&of.account.tenant, &of.account.connection, &of.account.account);
    let parts = |subject: &Subject, wanted: Part| {
        let places = places(&Scope { tenant: ten, subject, accounts: &[] });
        let parts: Vec<Place> = places.iter().flat_map(|place| deletion_part(place, wanted)).collect();
        parts.iter().map(|place| place.locator.texts().1.to_owned()).collect::<Vec<_>>()
    };
    let (account, connection) = (of.subject_account(), of.subject_connection());
    assert_eq!(parts(&connection, Part::DataKeys), ["key#data#"]);
    assert_eq!(parts(&connection, Part::Tokens), ["key#token#", "tok#"]);
    assert_eq!(parts(&account, Part::DataKeys), [format!("key#data#{acc}")]);
    assert!(!parts(&connection, Part::AllButOwn).contains(&con.to_string()));
    assert!(parts(&account, Part::AllButOwn).contains(&format!("acc#{acc}#")));
    assert!(!parts(&account, Part::AllButOwn).contains(&format!("acc#{acc}")));
    assert_eq!(parts(&Subject::Tenant, Part::DataKeys), ["key#data#"]);
    assert_eq!(parts(&Subject::Tenant, Part::AllButOwn), ["key#", "", "", ""]);
}

#[test]
fn a_key_is_exactly_what_the_layout_says() {
    let ten: TenantId = "ten_01J0000000000000000000000A".parse().unwrap();
    let con: ConnectionId = "con_01J0000000000000000000000B".parse().unwrap();
    let acc: AccountId = "acc_01J0000000000000000000000C".parse().unwrap();
    let row = AccountRef { tenant: ten.clone(), connection: con.clone(), account: acc.clone() };
    let at: Timestamp = "2026-11-22T01:02:03.004Z".parse().unwrap();
    let texts = [
        data_key(&KeyContext::account(&ten, &con, &acc)),
        data_key(&KeyContext::connection(&ten, &con, Use::Token)),
        data_key(&KeyContext::app("tiktok_ads")),
        part(&row, "ad/2026-11-20", at, 3),
        past(&row, "ad/2026-11-20", at),
        days(&row, date(2026, 11, 22)),
    ]
    .map(|key| format!("{} {}", key.pk, key.sk));
    let expected = [
        format!("{ten}#{con} key#data#{acc}"),
        format!("{ten}#{con} key#token#-"),
        "-#app_tiktok_ads key#secret#-".to_owned(),
        format!("{ten}#{con}#{acc} p#ad/2026-11-20@001795309323004#0003"),
        format!("{ten}#{con}#{acc} h#ad/2026-11-20@001795309323004"),
        format!("{ten}#{con} acc#{acc}#days#2026-11-16"),
    ];
    assert_eq!(texts, expected);
    assert_eq!(instant(at), "2026-11-22T01:02:03.004Z");
    assert_eq!((due_shard(7), due_minute(59)), ("s07".to_owned(), "0059".to_owned()));
}

#[test]
fn the_history_of_one_chunk_is_not_that_of_another_whose_name_begins_the_same() {
    let id = |n| Uuid::from_u128(n);
    let row = AccountRef {
        tenant: TenantId::from_uuid(id(1)),
        connection: ConnectionId::from_uuid(id(2)),
        account: AccountId::from_uuid(id(3)),
    };
    let (early, late) =
        (Timestamp::from_second(1_000_000).unwrap(), Timestamp::from_second(2_000_000).unwrap());
    let Sort::Between(first, last) = past_until(&row, "structure/ad", late).sort else { panic!() };
    assert!((&first..=&last).contains(&&past(&row, "structure/ad", early).sk));
    assert!((&first..=&last).contains(&&past(&row, "structure/ad", late).sk));
    assert!(!(&first..=&last).contains(&&past(&row, "structure/ad_group", early).sk));
}
