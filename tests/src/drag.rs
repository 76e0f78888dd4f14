//! Dragging files into the window as a file manager does, by the XDND protocol (version 5,
//! <https://freedesktop.org/wiki/Specifications/XDND>).

use std::time::{Duration, Instant};

use camino::Utf8Path;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window as WindowId,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, CURRENT_TIME};

const PATIENCE: Duration = Duration::from_secs(120);
const VERSION: u32 = 5;

/// A file manager with one file in its hand.
pub(crate) struct Drag {
    x: RustConnection,
    root: WindowId,
    own: WindowId,
    atoms: Atoms,
    uri: String,
}

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        XdndAware,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TARGETS,
        uris: b"text/uri-list",
    }
}

impl Drag {
    pub(crate) fn begin(display: &str, file: &Utf8Path) -> Drag {
        let (x, screen) = x11rb::connect(Some(display)).expect("a connection to the display");
        let root = x.setup().roots[screen].root;
        let atoms = Atoms::new(&x)
            .expect("atoms")
            .reply()
            .expect("atoms of the display");
        let own = x.generate_id().expect("an id");
        let (at, size, border) = (0, 1, 0);
        x.create_window(
            COPY_DEPTH_FROM_PARENT,
            own,
            root,
            at,
            at,
            size,
            size,
            border,
            WindowClass::INPUT_OUTPUT,
            x11rb::COPY_FROM_PARENT,
            &CreateWindowAux::new(),
        )
        .expect("a window of the file manager");
        x.set_selection_owner(own, atoms.XdndSelection, CURRENT_TIME)
            .expect("the selection");
        x.flush().expect("a display");
        let uri = format!("file://{file}\r\n");
        Drag {
            x,
            root,
            own,
            atoms,
            uri,
        }
    }

    /// Holds the file over the middle of the window until the window says that it takes it.
    pub(crate) fn over(&self) -> WindowId {
        let target = self.target();
        let geometry = self
            .x
            .get_geometry(target)
            .expect("a window")
            .reply()
            .expect("its size");
        let middle = ((u32::from(geometry.width) / 2) << 16) | (u32::from(geometry.height) / 2);
        self.send(
            target,
            self.atoms.XdndEnter,
            [VERSION << 24, self.atoms.uris, 0, 0],
        );
        let position = [0, middle, CURRENT_TIME, self.atoms.XdndActionCopy];
        let begun = Instant::now();
        loop {
            self.send(target, self.atoms.XdndPosition, position);
            let status = self.answer(self.atoms.XdndStatus);
            if status.data.as_data32()[1] & 1 == 1 {
                return target;
            }
            assert!(begun.elapsed() < PATIENCE, "the window takes no files");
        }
    }

    /// Lets go, and stays until the window has what it wants.
    pub(crate) fn drop_on(&self, target: WindowId) {
        self.send(target, self.atoms.XdndDrop, [0, CURRENT_TIME, 0, 0]);
        self.answer(self.atoms.XdndFinished);
    }

    /// The one window on the display that takes drops.
    fn target(&self) -> WindowId {
        let mut open = vec![self.root];
        while let Some(window) = open.pop() {
            let aware = self
                .x
                .get_property(false, window, self.atoms.XdndAware, AtomEnum::ATOM, 0, 1)
                .expect("a request")
                .reply();
            if aware.is_ok_and(|aware| aware.value_len > 0) {
                return window;
            }
            let children = self.x.query_tree(window).expect("a request").reply();
            open.extend(children.map(|tree| tree.children).unwrap_or_default());
        }
        panic!("no window on the display takes drops");
    }

    fn send(&self, target: WindowId, kind: Atom, facts: [u32; 4]) {
        let [a, b, c, d] = facts;
        let message = ClientMessageEvent::new(32, target, kind, [self.own, a, b, c, d]);
        self.x
            .send_event(false, target, EventMask::NO_EVENT, message)
            .expect("a message to the window");
        self.x.flush().expect("a display");
    }

    /// Waits for a message of this kind; hands the file over when asked meanwhile.
    fn answer(&self, kind: Atom) -> ClientMessageEvent {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.x.poll_for_event().expect("a display") {
                Some(Event::ClientMessage(message)) if message.type_ == kind => return message,
                Some(Event::SelectionRequest(request)) => self.hand_over(&request),
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        panic!("the window does not answer the drag");
    }

    fn hand_over(&self, request: &SelectionRequestEvent) {
        let (requestor, property) = (request.requestor, request.property);
        if request.target == self.atoms.TARGETS {
            let targets = [self.atoms.uris];
            self.x
                .change_property32(
                    PropMode::REPLACE,
                    requestor,
                    property,
                    AtomEnum::ATOM,
                    &targets,
                )
                .expect("the kinds of data");
        } else {
            self.x
                .change_property8(
                    PropMode::REPLACE,
                    requestor,
                    property,
                    request.target,
                    self.uri.as_bytes(),
                )
                .expect("the file's address");
        }
        let notify = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor,
            selection: request.selection,
            target: request.target,
            property,
        };
        self.x
            .send_event(false, requestor, EventMask::NO_EVENT, notify)
            .expect("a message to the window");
        self.x.flush().expect("a display");
    }
}
