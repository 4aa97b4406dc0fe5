//! Tests of the vault without KMS: known answers, two kinds of foreign vectors, and everything that must not open.

mod answer;
mod context;
mod guarantees;
mod known;
mod refusals;
mod vectors;
mod wycheproof;

use data_encoding::HEXLOWER;
use mooring_domain::Error;
use mooring_domain::base::ids::{AccountId, ConnectionId, DataKeyId, TenantId};
use mooring_domain::vault::keys::{KeyContext, Use};
use zeroize::Zeroizing;

use crate::context::encode;
use crate::key::OpenedKey;
use crate::sealed::Binding;

/// The data key of the known answers.
const SECRET: [u8; 32] = ascending(0x00);
/// The id of that data key.
const ID: DataKeyId = DataKeyId(ascending(0x10));
/// The salt of the known answers.
const SALT: [u8; 32] = ascending(0x40);
const TENANT: &str = "ten_01J0000000000000000000000A";
const CONNECTION: &str = "con_01J0000000000000000000000B";
const ACCOUNT: &str = "acc_01J0000000000000000000000C";
const PLAIN: &[u8] = b"act.example-access-token";

const fn ascending<const N: usize>(first: u8) -> [u8; N] {
    let mut out = [first; N];
    let mut at = 1;
    while at < N {
        out[at] = out[at - 1] + 1;
        at += 1;
    }
    out
}

fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn tenant() -> TenantId {
    TENANT.parse().unwrap()
}

fn connection() -> ConnectionId {
    CONNECTION.parse().unwrap()
}

fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn token_context() -> KeyContext {
    KeyContext::connection(&tenant(), &connection(), Use::Token)
}

fn data_context() -> KeyContext {
    KeyContext::account(&tenant(), &connection(), &account())
}

fn key(context: KeyContext) -> OpenedKey {
    opened(&SECRET, ID, context)
}

fn opened(secret: &[u8], id: DataKeyId, context: KeyContext) -> OpenedKey {
    OpenedKey::new(Zeroizing::new(secret.to_vec()), id, context).unwrap()
}

fn encoded(context: &KeyContext, slot: &str) -> Vec<u8> {
    encode(context, slot).unwrap()
}

fn binding(context: &[u8]) -> Binding<'_> {
    Binding { secret: &SECRET, id: ID, context, limit: 64 * 1024 }
}

/// Returns everything by which a caller, a log or an answer could distinguish two errors.
fn visible(error: &Error) -> String {
    format!("{error} {error:?}")
}
