mod damage;
mod lifecycle;
mod schema;
mod stopped;
