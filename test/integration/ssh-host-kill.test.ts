import '../helpers/over-ssh';
import './local-host-kill.test';
