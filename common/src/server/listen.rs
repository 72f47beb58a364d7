//! Sockets to listen on: our own, or inherited from systemd.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

/// The `FileDescriptorName=` of a socket unit whose socket is for probes and metrics. A socket
/// of any other name is the service's own.
const PROBE_SOCKET_NAME: &str = "probe";

/// Listening sockets that the process was started with (`LISTEN_FDS`, systemd's socket
/// activation). They stay open over a restart of the service, so no client is refused.
#[derive(Debug, Default)]
pub struct InheritedSockets {
    service: Option<TcpListener>,
    probe: Option<TcpListener>,
}

impl InheritedSockets {
    /// Takes the sockets that the environment names. To be called before there are other
    /// threads: it removes the variables, so that no child takes them for its own.
    ///
    /// # Errors
    /// A socket that is no TCP listener.
    pub fn take() -> Result<Self, String> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut sockets = ListenFd::from_env();
        let mut inherited = Self::default();
        for (index, name) in (0..sockets.len()).zip(names.split(':').chain(std::iter::repeat(""))) {
            let listener = sockets
                .take_tcp_listener(index)
                .map_err(|cause| format!("LISTEN_FDS: socket '{name}' can't be used: {cause}"))?;
            let place = if name == PROBE_SOCKET_NAME {
                &mut inherited.probe
            } else {
                &mut inherited.service
            };
            if place.is_some() {
                return Err(format!(
                    "LISTEN_FDS: more than one socket for the {} (name the other one \
                     FileDescriptorName={PROBE_SOCKET_NAME})",
                    if name == PROBE_SOCKET_NAME {
                        "probes"
                    } else {
                        "service"
                    }
                ));
            }
            *place = listener;
        }
        Ok(inherited)
    }

    /// The service's socket: the inherited one, or a new one on `address`.
    ///
    /// # Errors
    /// The address can't be used, with the reason in words.
    pub fn service(&mut self, address: SocketAddr) -> Result<TcpListener, String> {
        match self.service.take() {
            Some(listener) => Ok(listener),
            None => listen(address),
        }
    }

    /// The socket for probes: the inherited one, or a new one on `address` if there is one.
    ///
    /// # Errors
    /// The address can't be used, with the reason in words.
    pub fn probe(&mut self, address: Option<SocketAddr>) -> Result<Option<TcpListener>, String> {
        match self.probe.take() {
            Some(listener) => Ok(Some(listener)),
            None => address.map(listen).transpose(),
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|cause| {
        let hint = match cause.kind() {
            std::io::ErrorKind::AddrInUse => " (another process listens there)",
            std::io::ErrorKind::PermissionDenied => " (ports below 1024 need privileges)",
            _ => "",
        };
        format!("can't listen on {address}: {cause}{hint}")
    })
}
