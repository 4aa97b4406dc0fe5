//! Reads the ad rows of thirty days over one connection: blocking HTTP, typed and borrowed parsing, integer columns,
//! varints, zstd, AES-256-GCM, a file. No TLS, no retries, no tables, no guards: a limit, not a product.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    list: Vec<Row<'a>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
struct PageInfo {
    total_page: u64,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    dimensions: Dimensions<'a>,
    #[serde(borrow)]
    metrics: Metrics<'a>,
}

#[derive(Deserialize)]
struct Dimensions<'a> {
    ad_id: &'a str,
    stat_time_day: &'a str,
}

#[derive(Deserialize)]
struct Metrics<'a> {
    spend: &'a str,
    impressions: &'a str,
    clicks: &'a str,
    conversion: &'a str,
    total_complete_payment_rate: &'a str,
}

const COLUMNS: usize = 7;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let (address, query) = (next("the platform's address")?, next("the question without its page")?);
    let (file, repeats) = (next("a file")?, next("how often")?.parse::<u32>()?);
    let mut stream = TcpStream::connect(&address)?;
    stream.set_nodelay(true)?;
    let mut out = File::create(file)?;
    let mut body = Vec::new();
    let mut packer = zstd::bulk::Compressor::new(1)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32])?);
    for _ in 0..repeats {
        let (mut page, mut pages) = (1, 1);
        while page <= pages {
            ask(&mut stream, &query, page, &mut body)?;
            let answer: Answer<'_> = serde_json::from_str(std::str::from_utf8(&body)?)?;
            let mut packed = packer.compress(&pack(&answer.data.list))?;
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key([1; 12]), Aad::empty(), &mut packed)?;
            out.write_all(&packed)?;
            pages = answer.data.page_info.total_page;
            page += 1;
        }
    }
    Ok(())
}

fn ask(stream: &mut TcpStream, query: &str, page: u64, body: &mut Vec<u8>) -> Result<()> {
    write!(stream, "GET {query}&page={page} HTTP/1.1\r\nhost: x\r\naccess-token: t\r\n\r\n")?;
    body.resize(1 << 16, 0);
    let mut read = 0;
    let head = loop {
        let count = stream.read(body.get_mut(read..).unwrap_or_default())?;
        anyhow::ensure!(count > 0, "the platform hung up");
        read += count;
        let end = body.get(..read).unwrap_or_default().windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(body.get(..head).unwrap_or_default()).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
    let length: usize = length.context("no content-length")?.parse()?;
    body.drain(..head);
    let have = read - head;
    body.resize(length, 0);
    stream.read_exact(body.get_mut(have..).unwrap_or_default())?;
    Ok(())
}

fn pack(rows: &[Row<'_>]) -> Vec<u8> {
    let mut columns: [Vec<i64>; COLUMNS] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for Row { dimensions, metrics } in rows {
        let values = [
            whole(dimensions.ad_id),
            whole(dimensions.stat_time_day),
            cents(metrics.spend),
            whole(metrics.impressions),
            whole(metrics.clicks),
            whole(metrics.conversion),
            cents(metrics.total_complete_payment_rate),
        ];
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(value);
        }
    }
    let mut out = Vec::with_capacity(1 << 16);
    for (number, column) in columns.iter().enumerate() {
        let mut before = 0;
        for value in column {
            // Ids and days are near their neighbours; figures are not.
            let coded = if number < 2 { zigzag(value - before) } else { value.cast_unsigned() };
            before = *value;
            put(&mut out, coded);
        }
    }
    out
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn whole(text: &str) -> i64 {
    let digits = text.bytes().take_while(|byte| *byte != b' ').filter(u8::is_ascii_digit);
    digits.fold(0_i64, |value, byte| value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0')))
}

fn cents(text: &str) -> i64 {
    let (units, fraction) = text.split_once('.').unwrap_or((text, ""));
    whole(units) * 100 + whole(fraction.get(..2).unwrap_or(fraction))
}
