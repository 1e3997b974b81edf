"""Starts bqemulator without DuckDB's spatial and avro extensions, which it would fetch from the network: no GEOGRAPHY, no Avro.

Usage: bqemulator_launcher.py start --rest-port N --grpc-port N
"""
import sys

from bqemulator.cli import main
from bqemulator.storage import engine

engine.DuckDBEngine._load_spatial = lambda self: None
engine.DuckDBEngine._load_format_extensions = lambda self: None

if __name__ == "__main__":
    sys.exit(main())
