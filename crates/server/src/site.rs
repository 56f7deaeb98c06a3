//! Names by which others reach the server: sites, and networks of proxies.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A scheme, a host, a port where it is not the usual one, and perhaps a path: `https://shop.example/rec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    origin: String,
    host: String,
    path: String,
}

/// A text that names no site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a site is a scheme, a host, a port where it is not the usual one, and perhaps a path: https://shop.example/rec"
)]
pub struct NoSite;

impl Site {
    /// As browsers name it: in lower case, without the port that its scheme has anyway, without the path.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What stands before every path, such as `/rec`; empty where nothing does.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for Site {
    type Err = NoSite;

    fn from_str(text: &str) -> Result<Self, NoSite> {
        let (scheme, rest) = text.split_once("://").ok_or(NoSite)?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (scheme, authority) = (scheme.to_lowercase(), authority.to_lowercase());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority.as_str(), None),
        };
        let usual = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err(NoSite),
        };
        let port = port.map(str::parse::<u16>).transpose().map_err(|_| NoSite)?;
        if !is_host(host) {
            return Err(NoSite);
        }
        let origin = match port.filter(|port| *port != usual) {
            None => format!("{scheme}://{host}"),
            Some(port) => format!("{scheme}://{host}:{port}"),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { origin, host, path: base(path)? })
    }
}

fn is_host(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.chars().all(is_name),
    }
}

fn base(path: &str) -> Result<String, NoSite> {
    let path = path.trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_step = |step: &str| !step.is_empty() && step != "." && step != ".." && step.chars().all(is_plain);
    let is_base = path.is_empty() || path.split('/').skip(1).all(is_step);
    if is_base { Ok(path.to_owned()) } else { Err(NoSite) }
}

/// An address, or all that begin alike: `10.0.0.7`, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    ip: IpAddr,
    n_bits: u32,
}

/// A text that names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address, or an address and how many bits of it count: 10.0.0.7, 10.0.0.0/8")]
pub struct NoNetwork;

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (own, other) = (self.ip.to_canonical(), ip.to_canonical());
        let same = |a: u128, b: u128, width: u32| {
            let n_other = width - self.n_bits.min(width);
            n_other >= width || a >> n_other == b >> n_other
        };
        match (own, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (ip, n_bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
        let ip: IpAddr = ip.parse().map_err(|_| NoNetwork)?;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let n_bits = n_bits.map_or(Ok(width), str::parse).map_err(|_| NoNetwork)?;
        if n_bits > width { Err(NoNetwork) } else { Ok(Self { ip, n_bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_named_as_browsers_name_them() {
        for (text, origin, host, path) in [
            ("https://Shop.Example", "https://shop.example", "shop.example", ""),
            ("https://shop.example:443/", "https://shop.example", "shop.example", ""),
            ("http://shop.example:80/Rec/", "http://shop.example", "shop.example", "/Rec"),
            ("http://shop.example:8080/a/b", "http://shop.example:8080", "shop.example", "/a/b"),
            ("http://[::1]:8080", "http://[::1]:8080", "::1", ""),
        ] {
            let site: Site = text.parse().unwrap();
            assert_eq!((site.origin(), site.host(), site.path()), (origin, host, path), "{text}");
        }
        for text in [
            "",
            "shop.example",
            "ftp://shop.example",
            "https://",
            "https://a b",
            "https://shop.example:x",
            "https://shop.example:99999",
            "https://user@shop.example",
            "https://shop.example/../admin",
            "https://shop.example//a",
            "https://shop.example/a?b",
            "https://[::1",
        ] {
            assert_eq!(text.parse::<Site>(), Err(NoSite), "{text}");
        }
    }

    #[test]
    fn networks_hold_what_begins_alike() {
        for (network, ip, is_in) in [
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "10.0.0.1", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(ip.parse().unwrap()), is_in, "{network:?} {ip}");
        }
        for text in ["", "ten", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129"] {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork), "{text}");
        }
    }
}
