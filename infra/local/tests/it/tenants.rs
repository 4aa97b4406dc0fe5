//! Tenants over several starts on one folder.

use crate::runner::{Dir, mooring, on, started};

/// Returns the lines of the banner that name tenants, keys and one's own addresses.
fn tenants(banner: &str) -> Vec<&str> {
    let told = |line: &&str| ["tenant ", "api key ", "yours"].iter().any(|word| line.contains(word));
    banner.lines().filter(told).collect()
}

/// A tenant that a start names is the same one at each later start, named again or not, and has its key and its name.
#[test]
fn a_named_tenant_outlives_the_start_that_named_it() {
    let dir = Dir::new("tenants");
    let folder = dir.at("state");
    let first = on(&folder);
    let alone = tenants(&first.banner).join("\n");
    assert!(first.stop().status.success());
    let own = ["--tenant", "Quay Books", "--return-url", "http://localhost:3000/back"];
    let named = || started(mooring(&[["--port", "0", "--data", &folder].as_slice(), &own].concat()));
    let second = named().unwrap_or_else(|ended| panic!("{}", ended.log));
    let both: Vec<_> = tenants(&second.banner).into_iter().map(str::to_owned).collect();
    assert!(both.len() == 5 && both[..2].join("\n") == alone, "{both:?}");
    assert!(both[2].ends_with("Quay Books") && both[4].contains("http://localhost:3000/back"), "{both:?}");
    let (_, key) = both[3].rsplit_once(' ').unwrap();
    assert!(second.banner.contains(&format!("export KEY={key}")), "{}", second.banner);
    assert!(second.stop().status.success());
    let again = named().unwrap_or_else(|ended| panic!("{}", ended.log));
    assert_eq!(tenants(&again.banner), both);
    assert!(again.stop().status.success());
    let unnamed = on(&folder);
    assert_eq!(tenants(&unnamed.banner), both[..4]);
    assert!(unnamed.stop().status.success());
}
