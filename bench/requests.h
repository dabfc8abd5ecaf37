/* SPDX-License-Identifier: MIT
 *
 * The workload: 16 requests with 16 targets and 16 sets of fields, 170 bytes on average, so that no
 * server wins by remembering the last one. The targets are the routes of nave-bench's configuration.
 */
#ifndef BENCH_REQUESTS_H
#define BENCH_REQUESTS_H

#define REQUEST_COUNT 16
#define REQUEST_BYTES 2720 /* of all of them: 16 * 170 */
#define BODY          "Hello, World!"

static const char *const requests[REQUEST_COUNT] = {
    "GET / HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "User-Agent: curl/7.88.1\r\n"
    "Accept: */*\r\n\r\n",
    "GET /hello HTTP/1.1\r\n"
    "Host: localhost:8080\r\n"
    "Connection: keep-alive\r\n"
    "Accept: text/plain;q=0.9, */*;q=0.1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n",
    "GET /status HTTP/1.1\r\n"
    "Host: example.test\r\n"
    "Accept: application/json\r\n"
    "User-Agent: hub/2.4\r\n"
    "X-Request-Id: 5f2c9a10\r\n\r\n",
    "GET /plaintext HTTP/1.1\r\n"
    "User-Agent: loadgen/1.0\r\n"
    "Host: plain.example.test\r\n"
    "Accept: text/plain\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Cache-Control: no-cache\r\n\r\n",
    "GET /api/v1/items HTTP/1.1\r\n"
    "Host: api.example.test\r\n"
    "Accept: application/json\r\n"
    "Authorization: Bearer b3BlbiBzZXNhbWU\r\n"
    "User-Agent: items/0.7\r\n"
    "X-Request-Id: 0d9f3c6a-51e2\r\n\r\n",
    "GET /api/v1/items/42 HTTP/1.1\r\n"
    "Host: api.example.test\r\n"
    "Accept: application/json\r\n"
    "If-None-Match: \"42-7\"\r\n"
    "User-Agent: items/0.7\r\n\r\n",
    "GET /api/v1/users/ada/posts HTTP/1.1\r\n"
    "host: api.example.test\r\n"
    "accept: application/json\r\n"
    "user-agent: hub/2.4\r\n"
    "cookie: sid=8d41f0; theme=dark; lang=en\r\n\r\n",
    "GET /api/v1/search?q=spokes&page=2 HTTP/1.1\r\n"
    "Host: api.example.test\r\n"
    "Accept: */*\r\n"
    "Accept-Language: de-CH, en;q=0.7\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n",
    "GET /about/team HTTP/1.1\r\n"
    "Host: www.example.test\r\n"
    "Accept: text/html\r\n"
    "Accept-Language: en-GB, en;q=0.8\r\n"
    "Cookie: sid=1a2b3c4d5e6f7081; theme=dark\r\n"
    "DNT: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    "Referer: http://www.example.test/\r\n\r\n",
    "GET /blog/2024/summer-notes HTTP/1.1\r\n"
    "Host: www.example.test\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    "Accept: text/html, application/xhtml+xml;q=0.9, */*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Cookie: sid=8d41f0c2b7a95e36; seen=17,18,21; consent=1; theme=light\r\n"
    "Upgrade-Insecure-Requests: 1\r\n\r\n",
    "GET /assets/css/site.css HTTP/1.1\r\n"
    "Host: cdn.example.test\r\n"
    "Accept: text/css\r\n"
    "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    "User-Agent: curl/7.88.1\r\n\r\n",
    "GET /metrics HTTP/1.1\r\n"
    "Host: 127.0.0.1:9090\r\n"
    "User-Agent: scraper/2.45\r\n"
    "Accept: text/plain;version=0.0.4\r\n"
    "Accept-Encoding: gzip\r\n"
    "X-Scrape-Timeout: 10\r\n\r\n",
    "GET /health/live HTTP/1.1\r\n"
    "Host: 10.0.0.7:8080\r\n"
    "User-Agent: probe/1.29\r\n"
    "Accept: */*\r\n"
    "Connection: keep-alive\r\n\r\n",
    "GET /favicon.ico HTTP/1.1\r\n"
    "Host: www.example.test\r\n"
    "Cookie: sid=1a2b3c4d5e6f; seen=1; consent=1\r\n"
    "Referer: http://www.example.test/blog/2024\r\n"
    "Accept: image/*\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n",
    "GET /docs/guide/start HTTP/1.1\r\n"
    "Host: docs.example.test\r\n"
    "Origin: http://docs.example.test\r\n"
    "Accept: text/html\r\n"
    "User-Agent: hub/2.4\r\n"
    "X-Forwarded-For: 192.0.2.7\r\n\r\n",
    "GET /api/v1/orders/7781/lines HTTP/1.1\r\n"
    "Host: api.example.test\r\n"
    "X-Trace: 00-4bf92f3577b34da6\r\n"
    "Accept: application/json\r\n"
    "User-Agent: Go-http-client/1.1\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Content-Type: application/json\r\n"
    "Range: bytes=0-1023\r\n"
    "X-Tenant: north-4; zone=eu-central; shard\r\n\r\n",
};

#endif
