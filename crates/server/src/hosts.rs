//! Which names are the server's own: what a request is sent to, and which pages send it.
//!
//! A page may have its own name resolve to this machine, but it cannot change the name that the browser sends. So every
//! request has to name a host that is the server's: a loopback name, the address that it listens on, or a site that the
//! configuration names. What a proxy says about the name its client used counts where the proxy is trusted.

use crate::problem::Problem;
use crate::{Config, Network, Site};
use axum::extract::Request;
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use std::net::{IpAddr, SocketAddr};

/// By which of the server's addresses a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The one that everybody is given.
    Public,
    /// The one for administration.
    Admin,
}

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Who a request says it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Host and port as the browser wrote them; nothing where an old client names none.
    authority: Option<String>,
}

/// Finds the name that a request is sent to, and that it is ours.
///
/// # Errors
/// 400 where HTTP asks for a name and there is none, or several; 403 where it is not ours.
pub(crate) fn named(
    config: &Config,
    door: Door,
    request: &Request,
    peer: Option<IpAddr>,
) -> Result<Named, Problem> {
    let headers = request.headers();
    let mut sent = headers.get_all(header::HOST).iter();
    let host = match (sent.next(), sent.next()) {
        (None, _) if request.version() >= Version::HTTP_11 => {
            return Err(unclear("the request has no Host header"));
        }
        (first, None) => first,
        _ => return Err(unclear("the request has more than one Host header")),
    };
    let host = host.map(authority).transpose()?;
    let target = request.uri().authority().cloned();
    let forwarded = match peer {
        Some(peer) if is_trusted(&config.proxies, peer) => forwarded_host(headers).transpose()?,
        _ => None,
    };
    for name in host.iter().chain(&target).chain(&forwarded) {
        if !is_own(config, door, name) {
            let shown: String = name.host().chars().take(80).collect();
            let detail = format!(
                "this server is not called `{shown}`; whoever runs it can say so: --public-url https://NAME"
            );
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
    }
    let named = forwarded.or(target).or(host);
    Ok(Named { authority: named.map(|authority| authority.as_str().to_lowercase()) })
}

impl Named {
    /// Whether a page of another site sends this. Browsers say where a request comes from; programs say nothing.
    pub(crate) fn is_foreign(&self, sites: &[Site], headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return false };
        let Some(origin) = origin.to_str().ok().map(str::to_lowercase) else { return true };
        let is_site = sites.iter().any(|site| site.origin() == origin);
        let from = origin.split_once("://").map(|(_, authority)| authority);
        !is_site && (from.is_none() || from != self.authority.as_deref())
    }
}

fn unclear(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn authority(value: &HeaderValue) -> Result<Authority, Problem> {
    let read = value.to_str().ok().and_then(|text| text.trim().parse::<Authority>().ok());
    read.filter(|name| !name.host().is_empty() && !name.as_str().contains('@'))
        .ok_or_else(|| unclear("the name that the request is sent to is none"))
}

/// What the nearest proxy says about the name that its client used.
fn forwarded_host(headers: &HeaderMap) -> Option<Result<Authority, Problem>> {
    let last = |name: &HeaderName| {
        let all = headers.get_all(name).iter().next_back()?;
        all.to_str().ok()?.rsplit(',').next().map(|part| part.trim().to_owned())
    };
    let in_forwarded = || {
        let pairs = last(&FORWARDED)?;
        pairs.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("host").then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let text = last(&FORWARDED_HOST).or_else(in_forwarded)?;
    let value = HeaderValue::from_str(&text).map_err(|_| unclear("the forwarded name is none"));
    Some(value.and_then(|value| authority(&value)))
}

fn is_own(config: &Config, door: Door, name: &Authority) -> bool {
    let bound = match door {
        Door::Public => Some(config.addr),
        Door::Admin => config.admin,
    };
    let host = name.host().trim_start_matches('[').trim_end_matches(']');
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_site = || config.sites.iter().any(|site| site.host().eq_ignore_ascii_case(host));
    let is_address = |ip: IpAddr| {
        let at = bound.map(|addr| addr.ip().to_canonical());
        ip.is_loopback() || at.is_some_and(|at| at == ip || at.is_unspecified())
    };
    let is_named = host.parse::<IpAddr>().is_ok_and(|ip| is_address(ip.to_canonical()));
    // Without keys nobody but this machine is meant to come by the door for administration.
    let has_sites = door == Door::Public || !config.keys.is_empty();
    host.eq_ignore_ascii_case("localhost") || is_named || (has_sites && is_site())
}

/// Whether what a client says about others is believed.
pub(crate) fn is_trusted(proxies: &[Network], peer: IpAddr) -> bool {
    proxies.iter().any(|network| network.contains(peer))
}

/// Whether somebody passed a request on.
pub(crate) fn is_passed_on(headers: &HeaderMap) -> bool {
    let is_sign = |name: &HeaderName| {
        let name = name.as_str();
        name == "forwarded" || name == "via" || name == "x-real-ip" || name.starts_with("x-forwarded-")
    };
    headers.keys().any(is_sign)
}

/// The client behind a request, where it came by a socket.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>();
    peer.map(|axum::extract::ConnectInfo(addr)| addr.ip())
}

/// A path without what stands before it at one of the sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    /// As it is.
    Same,
    /// Another one.
    Other(Uri),
    /// The page at this path has its links beneath it, so it ends with a slash.
    Beneath(String),
}

/// Whether a proxy leaves the path of its site before ours, or takes it away, the same is meant.
pub(crate) fn inner(sites: &[Site], uri: &Uri) -> Inner {
    let path = uri.path();
    let bases = sites.iter().map(Site::path).filter(|base| !base.is_empty());
    let rests = bases.filter_map(|base| Some((base, path.strip_prefix(base)?)));
    let Some((base, rest)) = rests.into_iter().find(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
    else {
        return Inner::Same;
    };
    let with_query = |path: String| uri.query().map_or(path.clone(), |query| format!("{path}?{query}"));
    if rest.is_empty() {
        return Inner::Beneath(with_query(format!("{base}/")));
    }
    let text = with_query(rest.to_owned());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = text.parse::<PathAndQuery>().ok();
    Uri::from_parts(parts).map_or(Inner::Same, Inner::Other)
}

#[cfg(test)]
mod tests;
