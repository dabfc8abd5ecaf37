// SPDX-License-Identifier: MIT
//
// Nave in a C++17 program: a runtime that frees itself, and a handler that reads a body by callbacks
// and keeps its state in an object for as long as the exchange lives.
//
//     c++ -std=c++17 embed.cc $(pkg-config --cflags --libs nave) -o embed && ./embed
//     curl --data 'hello' http://127.0.0.1:8080/
#include <nave/nave.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

namespace {

struct App {
    std::string greeting = "You said: ";
};

/// One exchange that is being read: answers with its body in capitals.
class Shout {
public:
    static void begin(nave_http *x, const App *app)
    {
        auto *self = new (std::nothrow) Shout(app);

        if (!self) {
            (void)nave_http_respond_text(x, 503, nullptr, 0, nullptr, 0);
            return;
        }
        x->api->on_end(x, on_end, self);
        x->api->body_watch(x, on_body, self); // keeps the exchange beyond this call
        on_body(x, self);
    }

private:
    explicit Shout(const App *a) : app(a) {}

    /// The exchange is over, answered or not: exactly once.
    static void on_end(nave_http *, void *arg) { delete static_cast<Shout *>(arg); }

    /// There is more of the body, or its end. No exception may leave a callback.
    static void on_body(nave_http *x, void *arg) noexcept
    {
        auto *self = static_cast<Shout *>(arg);

        try {
            self->read(x);
        } catch (const std::bad_alloc &) {
            x->api->abort(x);
        }
    }

    void read(nave_http *x)
    {
        nave_bytes piece;
        nave_err err;

        while ((err = x->api->body_peek(x, &piece)) == NAVE_OK) {
            body.append(static_cast<const char *>(piece.data), piece.len);
            x->api->body_consume(x, piece.len);
        }
        if (err == NAVE_EAGAIN)
            return; // on_body is called again
        if (err != NAVE_EOF) {
            x->api->abort(x); // too large, malformed, too slow, or gone
            return;
        }
        std::string text = app->greeting;
        for (unsigned char c : body)
            text.push_back(static_cast<char>(std::toupper(c)));
        // `this` may be gone after it.
        (void)nave_http_respond_text(x, 200, "text/plain", 10, text.data(), text.size());
    }

    const App *app;
    std::string body;
};

void shout(nave_http *x, void *user)
{
    Shout::begin(x, static_cast<const App *>(user));
}

} // namespace

#define NAVE_STATIC_PLUGIN
#define NAVE_HANDLERS_NAME     app
#define NAVE_HANDLERS_ID       "app"
#define NAVE_HANDLERS(HANDLER) HANDLER(shout, "answers in capitals")
#include <nave/handlers.h>

namespace {

const std::string config = R"({
  "plugins": { "tcp": {}, "http1": { "max_body": "64KiB" }, "app": {},
               "router": { "routes": [ { "POST /": { "shout": {} } } ] } },
  "listeners": [ { "name": "web", "bind": "tcp://127.0.0.1:8080",
                   "protocols": ["http1"], "handler": "router" } ]
})";

void show(void *, const nave_report *r)
{
    std::fprintf(stderr, "%.*s\n", static_cast<int>(r->text.len), r->text.ptr);
}

struct Destroy {
    void operator()(nave_runtime *runtime) const { nave_runtime_destroy(runtime); }
};
using Runtime = std::unique_ptr<nave_runtime, Destroy>;

Runtime make(App &app)
{
    static const nave_plugin_entry_fn parts[] = {app_plugin_entry_v1, nullptr};
    nave_runtime_options options{};
    nave_runtime *runtime = nullptr;

    options.size = sizeof(options);
    options.flags = NAVE_RUNTIME_SIGNALS;
    options.report = show;
    options.static_plugins = parts;
    options.plugin_path = std::getenv("NAVE_PLUGIN_PATH");
    options.log_level = NAVE_LOG_INFO;
    options.user = &app;
    return Runtime(nave_runtime_create(&options, &runtime) == NAVE_OK ? runtime : nullptr);
}

} // namespace

/// embed [FILE]: FILE is a configuration in the place of ours.
int main(int argc, char **argv)
{
    App app;
    Runtime runtime = make(app); // goes first, app after it

    if (!runtime)
        return EXIT_FAILURE;
    nave_err err = argc > 1 ? nave_runtime_configure_file(runtime.get(), argv[1])
                            : nave_runtime_configure_text(runtime.get(), config.data(),
                                                          config.size(), "embed.cc");
    if (err == NAVE_OK)
        err = nave_runtime_run(runtime.get()); // until Ctrl-C
    return err == NAVE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
