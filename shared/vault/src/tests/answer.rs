//! Tests how answers of KMS are sorted.

use crate::answer::{Answer, classify, odd};

#[test]
fn refusals_are_final_and_troubles_pass() {
    for code in
        ["InvalidCiphertextException", "IncorrectKeyException", "AccessDeniedException", "DisabledException"]
    {
        assert_eq!(classify(Some(code), false), Answer::Refused(code));
    }
    for code in ["ThrottlingException", "DependencyTimeoutException", "KeyUnavailableException"] {
        assert_eq!(classify(Some(code), false), Answer::Later(code));
    }
}

#[test]
fn what_is_unknown_is_judged_by_whose_fault_it_is() {
    for code in [None, Some("NewException")] {
        assert!(matches!(classify(code, true), Answer::Later(_)));
        assert_eq!(classify(code, false), Answer::Unknown);
    }
    assert_eq!((odd().code, odd().is_retryable()), ("kms_failed", false));
}
