//! Holds spoken conversations: [`protocol`] translates for clients, [`conversation`] has the rules,
//! [`pipeline`] carries out what it orders, with what hears and speaks ([`speech`]), who answers
//! ([`responder`]), and what answers can look up ([`tools`]).

mod app;
pub mod clock;
pub mod config;
pub mod conversation;
pub mod failure;
pub mod opening;
pub mod pipeline;
pub mod protocol;
pub mod responder;
pub mod service;
pub mod speech;
pub mod tools;
