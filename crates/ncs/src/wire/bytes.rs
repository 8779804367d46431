//! Little-endian bytes, written and read with every length checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::WireError;
use crate::types::{Address, Key, Record};

#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// A count of things that follow. Nothing that is counted here can reach 2^32: the lock
    /// table, the group and a message are all bounded far below.
    pub(crate) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub(crate) fn address(&mut self, address: Address) {
        self.u32(address.node);
        self.u32(address.pid);
    }

    pub(crate) fn ip(&mut self, ip: IpAddr) {
        match ip {
            IpAddr::V4(ip) => {
                self.u8(4);
                self.raw(&ip.octets());
            }
            IpAddr::V6(ip) => {
                self.u8(6);
                self.raw(&ip.octets());
            }
        }
    }

    pub(crate) fn key(&mut self, key: &Key) {
        let name = key.as_bytes();
        self.count(name.len());
        self.raw(name);
    }

    pub(crate) fn record(&mut self, record: Record) {
        self.raw(&record.to_bytes());
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn raw(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.raw(N)?.try_into().map_err(|_| WireError::Truncated)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, WireError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A count of things that follow, each at least `size` bytes long: a count that the rest of
    /// the message can't hold is refused before anybody makes room for it.
    pub(crate) fn count(&mut self, size: usize) -> Result<usize, WireError> {
        let count = usize::try_from(self.u32()?).map_err(|_| WireError::Invalid)?;
        if count > self.rest.len() / size {
            Err(WireError::Truncated)
        } else {
            Ok(count)
        }
    }

    pub(crate) fn address(&mut self) -> Result<Address, WireError> {
        Ok(Address {
            node: self.u32()?,
            pid: self.u32()?,
        })
    }

    pub(crate) fn ip(&mut self) -> Result<IpAddr, WireError> {
        match self.u8()? {
            4 => Ok(Ipv4Addr::from(self.array::<4>()?).into()),
            6 => Ok(Ipv6Addr::from(self.array::<16>()?).into()),
            _ => Err(WireError::Invalid),
        }
    }

    pub(crate) fn key(&mut self) -> Result<Key, WireError> {
        let len = self.count(1)?;
        Key::new(self.raw(len)?).ok_or(WireError::Invalid)
    }

    pub(crate) fn record(&mut self) -> Result<Record, WireError> {
        Record::from_bytes(&self.array::<12>()?).ok_or(WireError::Invalid)
    }

    /// Ends the reading: bytes that nobody asked for mean that the sender meant something else.
    pub(crate) fn finish(self) -> Result<(), WireError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(WireError::Invalid)
        }
    }
}
