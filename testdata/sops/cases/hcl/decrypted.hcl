db {
  password = "hunter2"
}
