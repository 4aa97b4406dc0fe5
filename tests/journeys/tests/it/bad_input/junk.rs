//! Junk for every place of a request, generated from the good value of that place.

use serde_json::{Map, Value, json};

/// Lists path segments that are no id, token or code of Mooring.
pub(crate) fn segments() -> Vec<String> {
    let mut all: Vec<String> = [
        "x",
        "0",
        "-1",
        "null",
        "undefined",
        "con_",
        "acc_",
        "del_",
        "ten_",
        "%00",
        "%20",
        "%0a",
        "%0d%0aX:%20y",
        "%2F",
        "%2f%2f",
        "%25",
        "%E2%82%AC",
        "%F0%9F%92%A9",
        "%ff%fe",
        "%C0%AF",
        "a%00b",
        "'%20OR%20'1'='1",
        "$%7Bx%7D",
        "{id}",
        "<script>",
        "..%2F..%2Fetc",
        "%252e%252e",
        "con_00000000000000000000000000%00",
        "con_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "CON_00000000000000000000000000",
        "con_0000000000000000000000000I",
        "con_000000000000000000000000000",
        "con_0000000000000000000000000",
        "acc_00000000000000000000000001",
        "con_00000000000000000000000001",
        "del_00000000000000000000000001",
        "ten_00000000000000000000000001",
        "con_%30",
        "+",
        "*",
        "~",
        "confirm%20",
    ]
    .map(str::to_owned)
    .into();
    all.extend([300, 1_000, 4_000].map(|length| "A".repeat(length)));
    all
}

/// Lists values that no query parameter takes.
pub(crate) fn values(name: &str) -> Vec<String> {
    let mut all: Vec<&str> =
        vec!["%00", "%ff", "%F0%9F%92%A9", "'", "%3Cscript%3E", "%0d%0a", "%E2%80%AE", "{}", "[]"];
    // Before `from`, after `to`, and more days than the API answers at once.
    all.extend(match name {
        "from" => vec!["2026-12-31", "2016-01-01", "0001-01-01"],
        "to" => vec!["2026-11-01", "2036-01-01", "9999-12-31"],
        _ => vec![],
    });
    all.extend(match name {
        "limit" => {
            vec!["", "0", "-1", "x", "1.5", "1e3", "99999999999999999999", "0x10", "%2B1", " 1", "NaN"]
        }
        "from" | "to" => vec![
            "",
            "x",
            "2026-13-01",
            "2026-02-30",
            "2026-11-32",
            "20261122",
            "2026-1-1",
            "22.11.2026",
            "2026-11-22T00:00:00Z",
            "0000-00-00",
            "-2026-11-22",
            "99999-01-01",
            "today",
            "1763800000",
            "2026-11",
            "2026-W47-1",
        ],
        "level" => vec!["", "x", "AD", "ad%20", "account,ad", "campaigns", "0"],
        "metrics" => vec!["", "x", ",", "spend,", "spend,x", "SPEND", "spend;clicks", "spend%20,clicks", "*"],
        "group_by" => vec!["", "x", ",", "day,day,day", "DAY", "hour", "day;entity", "entity,x"],
        "sort" => vec!["", "-", "x", "--spend", "spend,clicks", "-x", "%2Bspend"],
        "as_of" => vec!["", "x", "2026-11-22", "2026-13-01T00:00:00Z", "yesterday", "1763800000"],
        "cursor" => {
            vec!["", "x", "AAAA", "AQ", "AWNvbl8", "%3D%3D", "////", "AWNvbl8wMA", "null", "AgICAgIC"]
        }
        _ => vec![
            "",
            "x",
            "con_",
            "acc_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "con_00000000000000000000000001",
            "*",
            "%25",
        ],
    });
    let mut all: Vec<String> = all.into_iter().map(str::to_owned).collect();
    all.push("9".repeat(2_500));
    all
}

/// Lists authorisation headers that nobody got.
pub(crate) fn credentials(good: &str) -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "bearer x",
        "Bearer null",
        "Bearer moor_test_",
        "Digest x",
        "Bearer \u{20AC}",
        "Bearer moor_ft_test_x_y_z",
        "Token x",
        "Bearer  x y",
    ]
    .map(str::to_owned)
    .into();
    let last = good.chars().next_back().unwrap_or('0');
    let other = if last == '0' { '1' } else { '0' };
    let short: String = good.chars().take(good.len() - 1).collect();
    all.extend([
        format!("Bearer {good}0"),
        format!("Bearer {short}"),
        format!("Bearer {short}{other}"),
        format!("Bearer {}", good.to_uppercase()),
        format!("Basic {good}"),
        good.to_owned(),
        format!("Bearer {good},Bearer {good}"),
        format!("Bearer {}", "A".repeat(4_000)),
    ]);
    all
}

/// Lists bodies that are not JSON, or not the JSON object that the route needs.
pub(crate) fn bodies(good: &Value) -> Vec<(String, Vec<u8>)> {
    let text = good.to_string();
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for raw in [
        "", " ", "null", "true", "1", "1e400", "-0", "\"x\"", "[]", "[{}]", "{", "}", "{]", "{\"", "{\"a\":",
        "nul", "NaN", "{'a':1}", "<x/>", "a=b&c=d", "{}{}", "/*c*/{}",
    ] {
        all.push((format!("raw {raw}"), raw.as_bytes().to_vec()));
    }
    all.push(("a byte order mark".to_owned(), format!("\u{FEFF}{text}").into_bytes()));
    all.push(("something behind".to_owned(), format!("{text}x").into_bytes()));
    all.push(("half".to_owned(), text.as_bytes().iter().take(text.len() / 2).copied().collect()));
    all.push(("bytes that are no text".to_owned(), [text.as_bytes(), &[0xFF, 0xFE]].concat()));
    all.push(("zeros".to_owned(), vec![0; 64]));
    all.push(("deep".to_owned(), [vec![b'['; 100_000]].concat()));
    all.push(("deep objects".to_owned(), "{\"a\":".repeat(3_000).into_bytes()));
    all.push(("70 KiB of space".to_owned(), format!("{text}{}", " ".repeat(70 * 1024)).into_bytes()));
    all.push(("1 MiB".to_owned(), vec![b' '; 1024 * 1024]));
    all
}

/// Lists objects near a good one: fields unknown, missing, twice, or of another type.
pub(crate) fn objects(good: &Value, optional: &[&str]) -> Vec<(String, Vec<u8>)> {
    let Some(fields) = good.as_object() else { return Vec::new() };
    let mut all = Vec::new();
    for name in ["unknown", "constructor", "__proto__", "tenant_id", "", "END_USER", "e\u{301}", "\u{0}"] {
        let mut with = fields.clone();
        with.insert(name.to_owned(), json!(1));
        all.push((format!("unknown field {name:?}"), write(&with)));
    }
    for name in fields.keys() {
        if !optional.contains(&name.as_str()) {
            let mut without = fields.clone();
            without.remove(name);
            all.push((format!("without {name}"), write(&without)));
        }
        for value in wrong(name) {
            if value.is_null() && optional.contains(&name.as_str()) {
                continue;
            }
            let mut with = fields.clone();
            with.insert(name.clone(), value.clone());
            let shown: String = value.to_string().chars().take(40).collect();
            all.push((format!("{name} as {shown}"), write(&with)));
        }
        let twice = format!("{{\"{name}\":\"x\",{}", good.to_string().trim_start_matches('{'));
        all.push((format!("{name} twice"), twice.into_bytes()));
        let plain = good.to_string();
        let surrogate = plain.replacen(&format!("\"{name}\":\""), &format!("\"{name}\":\"\\ud800"), 1);
        if surrogate != plain {
            all.push((format!("{name} with half a character"), surrogate.into_bytes()));
        }
    }
    all
}

/// Lists values that no field takes.
fn wrong(name: &str) -> Vec<Value> {
    let mut all = vec![
        Value::Null,
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!({}),
        json!({ "$gt": "" }),
        json!([[]]),
        json!("\u{0}"),
        json!("\u{1F4A9}"),
        json!("\u{202E}x"),
        json!(" "),
        json!("a\r\nb"),
        json!("A".repeat(10_000)),
    ];
    if name != "description" {
        all.push(json!("x y"));
    }
    if name != "tenant" {
        all.push(json!(""));
    }
    if !matches!(name, "tenant" | "enabled") {
        all.push(json!(true));
    }
    if name != "scopes" {
        all.extend([json!([]), json!(["x"])]);
    }
    all
}

fn write(fields: &Map<String, Value>) -> Vec<u8> {
    Value::Object(fields.clone()).to_string().into_bytes()
}
