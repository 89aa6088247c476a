"""Load generators: one process is one run, and prints one line of JSON.

`python -m bench.load <kind> --help` tells the options. All of them are closed loops with a fixed number of messages in
flight, except `rest-paced`, which sends at a fixed rate whatever the server does.
"""
