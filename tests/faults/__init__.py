"""What can go wrong, done on purpose: `make faults`, and the longer trials beside it.

python -m tests.faults                                          a row per fault: promise, measured, pass
python -m tests.faults.cycle                                    950 good sources beside 50 hostile ones
python -m tests.faults.kill --count 100 --database sqlite       kill -9 at any moment; also: postgresql
python -m tests.faults.fleet --sources 300                      three scrapers on one PostgreSQL, one killed
"""
