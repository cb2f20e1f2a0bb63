"""Configuration that gunicorn reads from the folder where it is started."""

import signal

# If the tests are killed, the server does not outlive them for long.
signal.alarm(300)
workers = 1
threads = 2
control_socket_disable = True
