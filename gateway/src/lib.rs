//! Holds spoken conversations. There is no service yet, only what it will be made of: the rules of
//! a conversation ([`conversation`]), who answers ([`responder`]), and what hears and speaks
//! ([`speech`]).

pub mod clock;
pub mod conversation;
pub mod failure;
pub mod opening;
pub mod responder;
pub mod speech;
