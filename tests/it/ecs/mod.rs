//! Releases on Amazon ECS, through the program: against a fake of ECS, and against moto.

mod chart;
mod example;
mod failure;
mod fleet;
mod hook;
mod input;
mod life;
mod moto;
mod stage;
mod upkeep;
