//! Releases on Amazon ECS, through the program: against a fake of ECS, and against moto.

mod chart;
mod failure;
mod hook;
mod life;
mod moto;
mod stage;
