//! Reads the part of an answer that distinguishes success from failure, before and independently of the rest.

use std::borrow::Cow;
use std::fmt;

use mooring_kit::lenient::{self, Text};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// The readable part of an envelope: a broken answer may still say why.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The return code; `None` where none can be read.
    pub(crate) code: Option<u32>,
    /// TikTok's name of the request; empty where there is none.
    pub(crate) request_id: String,
    /// TikTok's own message: searched for known words, never copied, because it may repeat what was sent.
    pub(crate) message: String,
}

impl Outcome {
    /// Reads every field that can be read. Neither the data nor its faults matter here.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut outcome = Self::default();
        let text = lenient::body(body);
        // An answer that breaks off ends with an error, and the fields before the break count. A number at the very
        // end does not count, because it may lack digits.
        let text = text.trim_end_matches(|c: char| c.is_ascii_digit());
        serde_json::Deserializer::from_str(text)
            .deserialize_map(Head { outcome: &mut outcome, whole: true })
            .ok();
        outcome
    }

    /// Returns whether the code is that of a success.
    pub(crate) fn is_success(&self) -> bool {
        self.code.is_some_and(is_success)
    }
}

/// Returns whether a code is a success. 20001 is a partial success, which only writes give.
fn is_success(code: u32) -> bool {
    matches!(code, 0 | 20001)
}

/// Returns whether the code of a success comes before the data, which is not read.
pub(crate) fn begins_with_success(body: &[u8]) -> bool {
    let mut outcome = Outcome::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // Reading ends with an error at the data; nothing after that matters here.
    reader.deserialize_map(Head { outcome: &mut outcome, whole: false }).is_err() && outcome.is_success()
}

/// Reads the fields of an envelope, all of them or until its data begins.
struct Head<'a> {
    outcome: &'a mut Outcome,
    whole: bool,
}

impl<'de> Visitor<'de> for Head<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<(), M::Error> {
        while let Some(name) = fields.next_key::<Cow<'_, str>>()? {
            match &*name {
                "data" if !self.whole => return Err(serde::de::Error::custom("enough")),
                "code" => self.outcome.code = fields.next_value::<Text>()?.as_deref().and_then(number),
                "request_id" => self.outcome.request_id = fields.next_value::<Text>()?.0.unwrap_or_default(),
                "message" => self.outcome.message = fields.next_value::<Text>()?.0.unwrap_or_default(),
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads a code from a number or a text. A code that is out of range is no success.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.strip_suffix(".0").unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_looked_at_up_to_its_data() {
        for success in
            [r#"{"code":0,"message":"OK","data":{"list":[{}]}}"#, r#"{"x":[1],"code":20001,"data":"#]
        {
            assert!(begins_with_success(success.as_bytes()), "{success}");
        }
        for other in [r#"{"code":40100,"data":{}}"#, r#"{"data":{},"code":0}"#, r#"{"code":0}"#, "<html>", ""]
        {
            assert!(!begins_with_success(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn the_code_survives_whatever_is_odd_beside_it() {
        for code in [40105, 40100, 40110] {
            for body in [
                format!(r#"{{"code":{code},"message":"x","request_id":null}}"#),
                format!(r#"{{"code":"{code}","message":null,"request_id":7,"data":null}}"#),
                format!(r#"{{"code":{code}.0}}"#),
                format!(r#"{{"message":"half \ud83d","code":{code}}}"#),
                format!(r#"{{"message":{{"en":["x"]}},"code":{code},"data":"#),
                format!(r#"{{"code":{code},"message":"it breaks o"#),
                format!(r#"{{"data":{{"list":[{{}}]}},"code":{code}}}"#),
                format!("\u{feff}{{\"code\":{code}}}"),
            ] {
                assert_eq!(Outcome::read(body.as_bytes()).code, Some(code), "{body}");
            }
        }
        let bytes = b"{\"message\":\"caf\xe9\",\"code\":40105}";
        assert_eq!(Outcome::read(bytes).code, Some(40105));
    }

    #[test]
    fn a_code_that_nothing_ends_is_none() {
        for body in
            [r#"{"code":4010"#, r#"{"message":"x","code":40105"#, r#"{"code":40105.0"#, r#"{"code":"4010"#]
        {
            assert_eq!(Outcome::read(body.as_bytes()).code, None, "{body}");
        }
        for body in ["{\"code\":40105,", "{\"code\":40105 ", "{\"code\":40105}", r#"{"code":"40105""#] {
            assert_eq!(Outcome::read(body.as_bytes()).code, Some(40105), "{body}");
        }
        assert_eq!(Outcome::read(br#"{"code":40105,"request_id":2026"#).code, Some(40105));
    }

    #[test]
    fn what_is_no_code_is_none() {
        for body in
            [r#"{"code":null}"#, r#"{"code":"x"}"#, r#"{"code":""}"#, r#"{"code":-1}"#, "[]", "", "<html>"]
        {
            assert_eq!(Outcome::read(body.as_bytes()).code, None, "{body}");
        }
        assert_eq!(Outcome::read(br#"{"code":99999999999}"#).code, Some(u32::MAX));
    }
}
