use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;

/// Counts the open connections, in all and by address.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    most_per_ip: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// One open connection; given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    ip: IpAddr,
}

impl Connections {
    pub fn new(most: usize, most_per_ip: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_per_ip,
            open: Mutex::default(),
        })
    }

    /// A place for one more connection from `ip`, when there is one.
    pub fn enter(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        let mut open = self.open.lock();
        let from_here = open.by_ip.get(&ip).copied().unwrap_or(0);
        if open.total >= self.most || from_here >= self.most_per_ip {
            return None;
        }
        open.total += 1;
        open.by_ip.insert(ip, from_here + 1);
        Some(Place {
            connections: Arc::clone(self),
            ip,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock();
        open.total -= 1;
        if let Some(count) = open.by_ip.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                open.by_ip.remove(&self.ip);
            }
        }
    }
}
