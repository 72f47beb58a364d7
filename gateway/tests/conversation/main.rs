//! The rules of a conversation, in virtual time. One sample is one millisecond.

#![allow(clippy::unwrap_used)]

mod barge_in;
mod client;
mod echo;
mod end_of_turn;
mod exploration;
mod failures;
mod false_alarm;
mod history;
mod phrases;
mod reopening;
mod scene;
mod speculation;
mod tools;
