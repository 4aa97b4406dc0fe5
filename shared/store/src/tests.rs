//! Tests the layout of keys across families: a built key parses to its parts, and texts sort as their values
//! do.

use jiff::Timestamp;
use jiff::civil::date;
use mooring_domain::base::ids::{AccountId, AccountRef, ConnectionId, TenantId};
use mooring_domain::vault::keys::KeyContext;
use mooring_domain::vault::keys::Use;
use proptest::prelude::*;
use uuid::Uuid;

use crate::client::key::{Sort, home, instant, parse_home};
use crate::connect::keys::*;
use crate::sync::keys::*;
use crate::vault::keys::*;

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
