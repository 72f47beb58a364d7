//! A WebSocket with a client of the protocol. What the client says is read whether or not what it is
//! told can be sent.

use std::collections::VecDeque;

use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::task::JoinSet;
use voice_common::websocket::{Close, Message, Outgoing, SendError, WebSocket};

use super::adapter::{Action, Adapter};
use crate::app::{App, Place};
use crate::pipeline::{self, Gone, Line, Outgoings};

/// While so many messages wait for the client, nothing more of the conversation is made one.
const WAITING: usize = 64;
/// Beyond so many bytes of them the client has to read what it asked for before it asks for more.
const WAITING_BYTES: usize = 4 << 20;

/// Holds a conversation until either side ends it.
pub(super) async fn converse(
    mut socket: WebSocket,
    app: App,
    place: Place,
    mut adapter: Adapter,
) -> Close {
    let (line, outgoings) = app.pipeline().converse(adapter.opening());
    let (orders, taken) = mpsc::channel(1);
    let mut doing = JoinSet::new();
    doing.spawn(carry_out(line, taken));
    let mut session = Session {
        to_line: VecDeque::new(),
        to_client: VecDeque::new(),
        waiting_bytes: 0,
        orders,
    };
    let greeting = adapter.greet();
    session.queue(greeting);
    // An answer that was begun is sent to its end before the service leaves.
    let hold = socket.hold();
    let close = tokio::select! {
        close = session.run(&mut socket, outgoings, &mut adapter) => close,
        () = place.cancellation().cancelled() => Close::GOING_AWAY,
    };
    drop(hold);
    close
}

enum Happened {
    Received(Option<Message>),
    CanOrder(Result<OwnedPermit<Action>, mpsc::error::SendError<()>>),
    Outgoing(Option<Box<pipeline::Outgoing>>),
    Sent(Result<(), SendError>),
    GoingAway,
}

struct Session {
    to_line: VecDeque<Action>,
    to_client: VecDeque<Message>,
    waiting_bytes: usize,
    orders: mpsc::Sender<Action>,
}

impl Session {
    fn queue(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(text) => {
                    self.waiting_bytes += text.len();
                    self.to_client.push_back(Message::Text(text.into()));
                }
                other => self.to_line.push_back(other),
            }
        }
    }

    fn can_receive(&self) -> bool {
        self.to_line.is_empty() && self.waiting_bytes < WAITING_BYTES
    }

    async fn run(
        &mut self,
        socket: &mut WebSocket,
        mut outgoings: Outgoings,
        adapter: &mut Adapter,
    ) -> Close {
        let going_away = socket.going_away_token();
        loop {
            if going_away.is_cancelled() && !adapter.is_answering() {
                return self.finish(socket, Close::GOING_AWAY).await;
            }
            let first = self.to_client.front().cloned();
            let happened = tokio::select! {
                it = socket.incoming.recv(), if self.can_receive() => Happened::Received(it),
                it = self.orders.clone().reserve_owned(), if !self.to_line.is_empty() => {
                    Happened::CanOrder(it)
                }
                it = outgoings.next(), if self.to_client.len() < WAITING => {
                    Happened::Outgoing(it.map(Box::new))
                }
                Some(it) = send(&socket.outgoing, first) => Happened::Sent(it),
                () = going_away.cancelled(), if !going_away.is_cancelled() => Happened::GoingAway,
            };
            match happened {
                Happened::Received(Some(Message::Text(text))) => self.queue(adapter.receive(&text)),
                Happened::Received(Some(Message::Binary(_))) => {
                    self.queue(adapter.receive_bytes());
                }
                Happened::CanOrder(Ok(order)) => {
                    if let Some(action) = self.to_line.pop_front() {
                        order.send(action);
                    }
                }
                // The conversation is over: what it said last is still to come.
                Happened::CanOrder(Err(_)) => self.to_line.clear(),
                Happened::Outgoing(Some(outgoing)) => self.queue(adapter.outgoing(*outgoing)),
                Happened::Outgoing(None) => return self.finish(socket, Close::NORMAL).await,
                Happened::Sent(Ok(())) => {
                    let sent = self.to_client.pop_front();
                    self.waiting_bytes -= sent.map_or(0, |it| it.bytes());
                }
                Happened::Received(None) | Happened::Sent(Err(_)) => return Close::NORMAL,
                Happened::GoingAway => {}
            }
        }
    }

    /// Sends what is left.
    async fn finish(&mut self, socket: &WebSocket, close: Close) -> Close {
        for message in self.to_client.drain(..) {
            if socket.outgoing.send(message).await.is_err() {
                break;
            }
        }
        close
    }
}

/// `None` if there is nothing to be sent.
async fn send(outgoing: &Outgoing, message: Option<Message>) -> Option<Result<(), SendError>> {
    Some(outgoing.send(message?).await)
}

/// Beside the socket, because a conversation that has much to hear lets its client wait.
async fn carry_out(mut line: Line, mut orders: mpsc::Receiver<Action>) {
    while let Some(action) = orders.recv().await {
        if do_it(&mut line, action).await.is_err() {
            break;
        }
    }
}

async fn do_it(line: &mut Line, action: Action) -> Result<(), Gone> {
    match action {
        Action::Hear(samples) => line.hear(&samples).await,
        Action::Commit => line.commit(false).await,
        Action::Tell(input) => line.tell(input).await,
        Action::Configure(both) => {
            let (settings, manner) = *both;
            line.configure(settings, manner).await
        }
        // Not for the conversation.
        Action::Send(_) => Ok(()),
    }
}
