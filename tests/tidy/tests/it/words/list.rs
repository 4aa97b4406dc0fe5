//! The words that prose and code do not use, each with the word to use.

/// Words and phrases that prose does not use, and what to say instead. They match whole words in any case, and across
/// the lines of a comment. With `^` in front they match only where a sentence begins, and not in the name of a test.
pub(super) const BANNED: &[(&str, &str)] = &[
    // One word for one thing.
    ("sheet", "chunk"),
    ("sheets", "chunks"),
    ("shelf", "partition"),
    ("shelves", "partitions"),
    ("head row", "current chunk"),
    ("chunk head", "current chunk"),
    ("chunk's head", "current chunk"),
    ("lookout", "FenceGate"),
    ("the look", "the fence check, or the check"),
    ("a look", "a fence check, or a check"),
    ("look at the fence", "check the fence"),
    ("looks at the fence", "checks the fence"),
    ("looked at the fence", "checked the fence"),
    ("looks whether", "checks whether"),
    ("mint a key", "generate a key"),
    ("mint a data key", "generate a data key"),
    ("mints a key", "generates a key"),
    ("mints a data key", "generates a data key"),
    ("minted data keys", "generated data keys"),
    ("the cut", "the cutoff"),
    ("a cut", "a cutoff"),
    ("the cuts", "the cutoffs"),
    ("cuts are", "cutoffs are"),
    ("hook", "webhook endpoint"),
    ("hooks", "webhook endpoints"),
    ("claim the record", "begin the record"),
    ("claims the record", "begins the record"),
    ("settle the record", "complete the record"),
    ("settles the record", "completes the record"),
    ("forget the record", "release the record"),
    ("forgets the record", "releases the record"),
    ("whole again", "full again"),
    ("bucket is whole", "bucket is full"),
    ("is away", "is down, or does not answer"),
    ("are away", "are down, or do not answer"),
    ("was away", "was down, or did not answer"),
    ("were away", "were down, or did not answer"),
    // Sentences that a newcomer can parse.
    ("of ours", "our, or Mooring's"),
    ("of others", "whose: other tenants', of another product, third-party"),
    ("so many", "how many, or the name of the number"),
    ("so long", "how long, as long as, or the name of the time"),
    ("tells whether", "returns whether"),
    ("told from", "distinguished from"),
    ("^what is", "a noun for the thing"),
    ("^what are", "a noun for the things"),
];

/// Uses of these words that are fine.
pub(super) const FINE: &[&str] = &[
    "style sheet",
    "style sheets",
    "panic hook",
    "schemathesis hook",
    "schemathesis hooks",
    "a cut body",
    "a cut connection",
    "the cut connection",
    "a look around",
    "worth a look",
];

/// Names that the code no longer has, and those that it has now. They are looked for in code, and in backticks, where
/// prose cites names and the other lists do not apply.
pub(super) const GONE: &[(&str, &str)] = &[
    ("NoGate", "Unguarded"),
    ("Lookout", "FenceGate"),
    ("KeyMint", "KeyGenerate"),
    ("Repeats", "IdempotencyStore"),
    ("Claimed", "Begun"),
    ("Drawn", "TakeOutcome"),
    ("Invitation", "ConnectPage"),
    ("Departure", "AuthorizationRedirect"),
    ("Departures", "OAuthDeviations"),
    ("Landing", "GrantedAccess"),
    ("Arrival", "CallbackOutcome"),
    ("Met", "CallRecord"),
    ("Who", "Actor"),
    ("is_away", "is_outage"),
    ("whole_at", "full_at"),
];
