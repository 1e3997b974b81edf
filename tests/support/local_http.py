"""An HTTP server of a test's own on a free port of this machine."""
import contextlib
import http.server
import threading


@contextlib.contextmanager
def local_http(handler):
    """Serves by threads as long as the block goes on; gives the server's URL without a path."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *arguments: None  # connections that are reset on purpose
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
