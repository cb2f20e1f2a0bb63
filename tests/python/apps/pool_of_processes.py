"""Has each token of the command line answered by a pool of processes: METHOD TOKEN..."""

import json
import multiprocessing
import sys

from process_models import answer

if __name__ == "__main__":
    method, *tokens = sys.argv[1:]
    answer(tokens[0])  # the library has been used when the processes start
    with multiprocessing.get_context(method).Pool(2) as pool:
        json.dump(pool.map(answer, tokens), sys.stdout)
