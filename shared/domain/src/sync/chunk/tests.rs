//! The codec: what goes in comes out, in any order and any number of parts, and nothing else is ever believed.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::platform::figures::{Entity, METRICS, Row, Values};

const DAY: Date = date(2026, 11, 20);

fn ids() -> impl Strategy<Value = Vec<String>> {
    let numbers = proptest::collection::btree_set(any::<u64>(), 0..80)
        .prop_map(|set| set.into_iter().map(|number| number.to_string()).collect());
    let texts =
        proptest::collection::btree_set("[a-zé0-9]{0,12}", 0..40).prop_map(|set| set.into_iter().collect());
    prop_oneof![numbers, texts]
}

fn values() -> impl Strategy<Value = Values> {
    let value = prop_oneof![
        Just(None),
        Just(Some(0)),
        Just(Some(i64::MIN)),
        Just(Some(i64::MAX)),
        (-1_000_000_i64..1_000_000).prop_map(|cents| Some(cents * 10_000)),
        any::<i64>().prop_map(Some),
    ];
    proptest::collection::vec(value, METRICS).prop_map(|values| Values(values.try_into().unwrap()))
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    ids().prop_flat_map(|ids| {
        proptest::collection::vec(values(), ids.len()).prop_map(move |values| {
            ids.iter()
                .cloned()
                .zip(values)
                .map(|(entity, values)| Row { entity: entity.into(), day: DAY, values })
                .collect()
        })
    })
}

fn encode_rows(rows: &mut [Row]) -> Result<Vec<Vec<u8>>> {
    rows.sort_by(entity_order);
    pack_rows(rows, plain_rows(rows))
}

fn decode(parts: &[Vec<u8>]) -> Vec<Row> {
    parts.iter().flat_map(|part| decode_rows(part, DAY).unwrap()).collect()
}

/// Numbers that do not compress.
fn noise(count: u64) -> Vec<Row> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut rows: Vec<Row> = (0..count)
        .map(|_| {
            let values = Values(std::array::from_fn(|_| Some(next().cast_signed())));
            Row { entity: next().to_string().into(), day: DAY, values }
        })
        .collect();
    rows.sort_by(|a, b| a.entity.cmp(&b.entity));
    rows
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(mut rows in rows()) {
        let parts = encode_rows(&mut rows).unwrap();
        prop_assert_eq!(decode(&parts), rows);
    }

    #[test]
    fn the_order_of_rows_does_not_matter(mut rows in rows(), seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, usize::try_from(seed % 1_000_003).unwrap() % (at + 1));
        }
        prop_assert_eq!(encode_rows(&mut shuffled).unwrap(), encode_rows(&mut rows).unwrap());
    }

    #[test]
    fn one_changed_value_changes_the_bytes(mut rows in rows(), column in 0..METRICS, value in any::<i64>()) {
        let before = encode_rows(&mut rows).unwrap();
        if let Some(row) = rows.first_mut() && row.values.0[column] != Some(value) {
            row.values.0[column] = Some(value);
            prop_assert_ne!(encode_rows(&mut rows).unwrap(), before);
        }
    }

    #[test]
    fn entities_come_back_as_they_were(ids in ids(), texts in proptest::collection::vec(".{0,20}", 3)) {
        let entity = |id: &String| Entity {
            id: id.clone(),
            parent: texts[0].clone(),
            name: texts[1].clone(),
            status: texts[2].clone(),
        };
        let mut entities: Vec<_> = ids.iter().rev().map(entity).collect();
        let parts = encode_entities(&mut entities).unwrap();
        let back: Vec<_> = parts.iter().flat_map(|part| decode_entities(part).unwrap()).collect();
        prop_assert!(back == entities);
    }

    #[test]
    fn hostile_bytes_are_refused_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let packed = pack(&bytes).unwrap();
        for block in [&bytes, &packed] {
            if let Err(error) = decode_rows(block, DAY) {
                prop_assert_eq!(error.kind, Kind::Sealed);
            }
            if let Err(error) = decode_entities(block) {
                prop_assert_eq!(error.kind, Kind::Sealed);
            }
        }
    }

    #[test]
    fn a_damaged_block_is_refused_or_still_whole_rows(mut rows in rows(), at in any::<usize>(), byte in any::<u8>()) {
        let mut plain = unpack(&encode_rows(&mut rows).unwrap()[0]).unwrap();
        let at = at % plain.len();
        plain[at] = byte;
        for cut in [plain.len(), at] {
            if let Ok(read) = decode_rows(&pack(&plain[..cut]).unwrap(), DAY) {
                prop_assert!(read.len() <= plain.len());
            }
        }
    }
}

#[test]
fn a_large_day_is_cut_into_parts_in_entity_order_that_each_fit() {
    let mut rows = noise(20_000);
    let parts = encode_rows(&mut rows).unwrap();
    assert!(parts.len() > 10, "{}", parts.len());
    assert!(parts.iter().all(|part| part.len() <= PART_BYTES));
    assert!(decode(&parts) == rows);
}

#[test]
fn a_day_without_rows_is_one_small_part() {
    let parts = encode_rows(&mut []).unwrap();
    assert!(parts.len() == 1 && parts[0].len() < 64);
    assert!(decode(&parts).is_empty());
}

#[test]
fn a_decompression_bomb_is_refused() {
    let bomb = pack(&vec![0; PLAIN_BYTES + 1]).unwrap();
    assert!(bomb.len() < 2_000);
    assert_eq!(decode_rows(&bomb, DAY).unwrap_err().kind, Kind::Sealed);
    assert_eq!(decode_entities(&bomb).unwrap_err().kind, Kind::Sealed);
}

#[test]
fn a_claim_of_many_rows_in_few_bytes_is_refused() {
    let mut plain = vec![1];
    column::put_uint(&mut plain, u64::MAX);
    plain.extend([5, 1, 0, 0, 0]);
    assert_eq!(decode_rows(&pack(&plain).unwrap(), DAY).unwrap_err().kind, Kind::Sealed);
}

#[test]
fn columns_that_this_version_does_not_know_are_skipped() {
    let mut rows = [Row { entity: "7".into(), day: DAY, values: Values([Some(1); METRICS]) }];
    let mut plain = unpack(&encode_rows(&mut rows).unwrap()[0]).unwrap();
    plain[2] += 1;
    column::put_values(&mut plain, &[Some(9)]);
    assert_eq!(decode_rows(&pack(&plain).unwrap(), DAY).unwrap(), rows);
}

#[test]
fn names_say_the_level_and_the_day_and_slots_differ_by_everything() {
    let name = day_name(Level::AdGroup, DAY);
    assert_eq!((name.as_str(), day_of(&name)), ("ad_group/2026-11-20", Some(DAY)));
    assert_eq!(day_of(&structure_name(Level::Ad)), None);
    let at = |millis| Timestamp::from_millisecond(millis).unwrap();
    let slots = [slot(&name, at(1), 0), slot(&name, at(2), 0), slot(&name, at(1), 1), slot("ad/x", at(1), 0)];
    let different: std::collections::BTreeSet<_> = slots.iter().collect();
    assert_eq!(different.len(), slots.len());
}
