//! Decides which addresses are public. Every other address is refused, because a tenant chooses where Mooring calls.
//!
//! The blocks come from the IANA registries of special-purpose addresses (IPv4 and IPv6). IPv6 is an allow list:
//! global unicast less its special blocks. So mapped, compatible, NAT64, local and multicast addresses are all
//! refused, because they lie outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 blocks that are not public: (first address, prefix length).
const V4: [([u8; 4], u32); 18] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// IPv6 blocks inside global unicast (`2000::/3`) that are not public. 6to4 and Teredo carry IPv4 addresses.
const V6: [([u16; 8], u32); 5] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x2620, 0x004f, 0x8000, 0, 0, 0, 0, 0], 48),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Returns whether an address belongs to the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !V4.iter().any(|(first, length)| {
            let shift = 32 - length;
            address.to_bits() >> shift == Ipv4Addr::from(*first).to_bits() >> shift
        }),
        IpAddr::V6(address) => {
            let within = |first: [u16; 8], length: u32| {
                let shift = 128 - length;
                address.to_bits() >> shift == Ipv6Addr::from(first).to_bits() >> shift
            };
            within([0x2000, 0, 0, 0, 0, 0, 0, 0], 3)
                && !V6.iter().any(|(first, length)| within(*first, *length))
        }
    }
}
