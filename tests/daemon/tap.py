"""Stands between a session and its engine and writes down what the engine sends: tap.py ENGINE SOCKET FILE."""

from __future__ import annotations

import asyncio
import sys


async def main(engine: str, own: str, file: str) -> None:
    with open(file, "wb", buffering=0) as trace:

        async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: bool) -> None:
            while octets := await reader.read(65536):
                if keep:
                    trace.write(octets)
                writer.write(octets)
                await writer.drain()
            writer.close()

        async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            theirs, ours = await asyncio.open_unix_connection(engine)
            await asyncio.gather(copy(reader, ours, False), copy(theirs, writer, True))

        async with await asyncio.start_unix_server(session, own) as server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
