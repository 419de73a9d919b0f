mod damage;
mod faulty_disk;
mod lifecycle;
mod schema;
mod stopped;
