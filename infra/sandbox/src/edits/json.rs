//! Changes of a JSON value by pointers.

use serde_json::Value;

use super::rule::Change;

/// Makes one change; returns in how many places it was made.
pub(super) fn change(body: &mut Value, change: &Change) -> usize {
    match change {
        Change::Set { at, value } => put(body, at, value, false),
        Change::Replace { at, value } => put(body, at, value, true),
        Change::Remove { at } => parents(body, &tokens(at), &mut remove),
        Change::Copy { from, at } => match body.pointer(from).cloned() {
            Some(value) => put(body, at, &value, false),
            None => 0,
        },
    }
}

fn put(body: &mut Value, at: &str, value: &Value, only_present: bool) -> usize {
    let tokens = tokens(at);
    if tokens.is_empty() {
        body.clone_from(value);
        return 1;
    }
    parents(body, &tokens, &mut |parent, last| match parent {
        Value::Object(members) => {
            let present = members.contains_key(last);
            if present || !only_present {
                members.insert(last.to_owned(), value.clone());
            }
            usize::from(present || !only_present)
        }
        Value::Array(items) if last == "-" && !only_present => {
            items.push(value.clone());
            1
        }
        Value::Array(items) => match last.parse().ok().and_then(|index: usize| items.get_mut(index)) {
            Some(item) => {
                item.clone_from(value);
                1
            }
            None => 0,
        },
        _ => 0,
    })
}

fn remove(parent: &mut Value, last: &str) -> usize {
    match parent {
        Value::Object(members) => usize::from(members.remove(last).is_some()),
        Value::Array(items) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                1
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// Visits the parent of every place that a pointer names, with the last token, and sums up the results of the visits.
fn parents(value: &mut Value, tokens: &[String], visit: &mut dyn FnMut(&mut Value, &str) -> usize) -> usize {
    let Some((first, rest)) = tokens.split_first() else { return 0 };
    let mut keys = match value {
        _ if first != "*" => vec![first.clone()],
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    };
    // The visits go from the end, so that a removed item moves no item that is still to be visited.
    keys.reverse();
    let mut places = 0;
    for key in keys {
        places += if rest.is_empty() {
            visit(value, &key)
        } else {
            child(value, &key).map_or(0, |child| parents(child, rest, visit))
        };
    }
    places
}

fn child<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(members) => members.get_mut(key),
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    }
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(text: Value, what: Value) -> (usize, Value) {
        let mut body = text;
        let what = serde_json::from_value(what).expect("a change");
        (change(&mut body, &what), body)
    }

    #[test]
    fn every_change_does_what_it_says_and_counts_its_places() {
        let list = json!({"data": {"list": [{"a": 1}, {"a": 2, "b": 3}]}});
        let cases = [
            (json!({"op": "set", "at": "/code", "value": 7}), 1, json!({"data": list["data"], "code": 7})),
            (json!({"op": "set", "at": "", "value": []}), 1, json!([])),
            (
                json!({"op": "set", "at": "/data/list/*/b", "value": null}),
                2,
                json!({"data": {"list": [{"a": 1, "b": null}, {"a": 2, "b": null}]}}),
            ),
            (
                json!({"op": "replace", "at": "/data/list/*/b", "value": null}),
                1,
                json!({"data": {"list": [{"a": 1}, {"a": 2, "b": null}]}}),
            ),
            (json!({"op": "remove", "at": "/data/list/0"}), 1, json!({"data": {"list": [{"a": 2, "b": 3}]}})),
            (json!({"op": "remove", "at": "/data/list/*"}), 2, json!({"data": {"list": []}})),
            (
                json!({"op": "copy", "from": "/data/list/0", "at": "/data/list/-"}),
                1,
                json!({"data": {"list": [{"a": 1}, {"a": 2, "b": 3}, {"a": 1}]}}),
            ),
            (json!({"op": "set", "at": "/moon/a", "value": 1}), 0, list.clone()),
            (json!({"op": "set", "at": "/data/list/2", "value": 1}), 0, list.clone()),
            (json!({"op": "replace", "at": "/code", "value": 1}), 0, list.clone()),
            (json!({"op": "remove", "at": "/data/list/2"}), 0, list.clone()),
            (json!({"op": "copy", "from": "/moon", "at": "/data"}), 0, list.clone()),
        ];
        for (what, places, expected) in cases {
            assert_eq!(changed(list.clone(), what.clone()), (places, expected), "{what}");
        }
    }

    #[test]
    fn tokens_may_hold_slashes_and_tildes() {
        let change = json!({"op": "replace", "at": "/a~1b/c~0d", "value": 2});
        assert_eq!(changed(json!({"a/b": {"c~d": 1}}), change), (1, json!({"a/b": {"c~d": 2}})));
    }
}
