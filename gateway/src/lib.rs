//! Holds spoken conversations. There is no service yet, only what it will be made of: the rules of
//! a conversation ([`conversation`]), and what carries out its orders: who answers
//! ([`responder`]), what hears and speaks ([`speech`]), and what answers can look up ([`tools`]).
//! What clients speak is in [`protocol`].

pub mod clock;
pub mod conversation;
pub mod failure;
pub mod opening;
pub mod pipeline;
pub mod protocol;
pub mod responder;
pub mod speech;
pub mod tools;
