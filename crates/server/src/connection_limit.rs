//! How many connections there are at once, how many of them one client may have, and a waiting room for the others.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// How many connections a listening socket takes.
#[derive(Debug)]
pub(crate) struct ConnectionLimit {
    most: usize,
    /// The most that one client may have.
    share: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    n: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// A place for a connection; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    limit: Arc<ConnectionLimit>,
    peer: IpAddr,
}

impl ConnectionLimit {
    pub(crate) fn new(most: usize, share: usize) -> Arc<Self> {
        Arc::new(Self { most, share: share.max(1), taken: Mutex::default() })
    }

    /// A place for a client, unless all are taken or it has its share. Behind a proxy that is trusted are many clients:
    /// `is_many` is not held to the share of one.
    pub(crate) fn take(self: &Arc<Self>, peer: IpAddr, is_many: bool) -> Option<ConnectionPermit> {
        let peer = household(peer);
        let mut taken = self.locked();
        let own = taken.by_peer.get(&peer).copied().unwrap_or(0);
        if taken.n >= self.most || (own >= self.share && !is_many) {
            return None;
        }
        taken.n += 1;
        taken.by_peer.insert(peer, own + 1);
        Some(ConnectionPermit { limit: self.clone(), peer })
    }

    fn locked(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut taken = self.limit.locked();
        taken.n -= 1;
        if let Some(own) = taken.by_peer.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                taken.by_peer.remove(&self.peer);
            }
        }
    }
}

/// Whom an address belongs to: of IPv6 a whole network of 64 bits is one client's.
fn household(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) >> 64 << 64)),
        ip => ip,
    }
}

/// Connections beyond the limit: they are told about health, or that the server is full. Where the room is full, who has been
/// in it longest goes, so that whoever comes is heard.
#[derive(Debug, Default)]
pub(crate) struct WaitingRoom {
    guests: VecDeque<AbortHandle>,
    n_gone: usize,
}

impl WaitingRoom {
    /// How many stand in it.
    pub(crate) const CAPACITY: usize = 256;
    /// How many may have to go before the others need a moment to say what they want.
    const AT_ONCE: usize = 16;

    /// Lets somebody in; whether those who are in it need a moment before the next one comes. In a crowd that comes at once
    /// everybody would have to go otherwise before a word of theirs is read, also who asks about health.
    pub(crate) fn admit(&mut self, guest: AbortHandle) -> bool {
        if self.guests.len() >= Self::CAPACITY {
            self.guests.retain(|guest| !guest.is_finished());
        }
        let is_full = self.guests.len() >= Self::CAPACITY;
        if is_full && let Some(longest) = self.guests.pop_front() {
            longest.abort();
            self.n_gone += 1;
        }
        self.guests.push_back(guest);
        is_full && self.n_gone.is_multiple_of(Self::AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_its_share_and_no_more() {
        let limit = ConnectionLimit::new(4, 2);
        let (one, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let first = limit.take(one, false).unwrap();
        let _second = limit.take(mapped, false).unwrap();
        assert!(limit.take(one, false).is_none(), "its share");
        let _third = limit.take(other, false).unwrap();
        drop(first);
        let _fourth = limit.take(one, false).unwrap();
        let _proxy = limit.take(other, false).unwrap();
        assert!(limit.take([10, 0, 0, 3].into(), true).is_none(), "all are taken");
    }

    #[test]
    fn a_proxy_has_more_and_a_network_is_one_client() {
        let limit = ConnectionLimit::new(8, 1);
        let (one, near, far) = ("2001:db8::1", "2001:db8::2:0:0:1", "2001:db8:0:1::1");
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let _one = limit.take(ip(one), false).unwrap();
        assert!(limit.take(ip(near), false).is_none());
        let _far = limit.take(ip(far), false).unwrap();
        let _many: Vec<ConnectionPermit> = (0..6).map(|_| limit.take(ip(one), true).unwrap()).collect();
        assert_eq!(limit.locked().by_peer.len(), 2);
        drop((_one, _far, _many));
        assert!(limit.locked().by_peer.is_empty() && limit.locked().n == 0);
    }

    #[test]
    fn in_a_full_room_who_has_been_there_longest_goes_and_the_others_get_moments() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let guest = || runtime.spawn(std::future::pending::<()>());
        let mut room = WaitingRoom::default();
        let first: Vec<_> = (0..WaitingRoom::CAPACITY).map(|_| guest()).collect();
        assert!(first.iter().all(|guest| !room.admit(guest.abort_handle())), "there is room");
        let n_moments = (0..2 * WaitingRoom::AT_ONCE).filter(|_| room.admit(guest().abort_handle())).count();
        runtime.block_on(tokio::task::yield_now());
        let n_gone = first.iter().filter(|guest| guest.is_finished()).count();
        assert_eq!((n_moments, n_gone), (2, 2 * WaitingRoom::AT_ONCE));
        assert!(first[..n_gone].iter().all(tokio::task::JoinHandle::is_finished));
    }
}
